import { NoopConfig } from 'motia'

export const config: NoopConfig = {
  type: 'noop',
  name: 'Customer',
  description: 'Somebody who has a question',
  virtualSubscribes: ['Support is told'],
  virtualEmits: [{ topic: 'A customer calls', label: 'by phone' }],
  flows: ['tickets'],
}
