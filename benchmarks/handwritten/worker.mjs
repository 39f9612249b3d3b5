// The activity of the chain, by hand, on the plain SDK for Node; with the project's codec.
//
//   node worker.mjs ADDRESS KEYS QUEUE

import { NativeConnection, Worker } from '../../workers/typescript/node_modules/@temporalio/worker/lib/index.js'

import { WistroCodec, dataConverter, loadKeys } from '../../workers/typescript/dist/codec/index.js'

const [address, keys, taskQueue] = process.argv.slice(2)

const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  dataConverter: dataConverter(new WistroCodec(loadKeys(keys))),
  maxConcurrentActivityTaskExecutions: 100,
  activities: { hop: async (order) => ({ ...order, hop: order.hop + 1 }) },
})
await worker.run()
process.exit(0)
