/** The channel of one user. */
import { type ChannelAnswer, channelAnswerOf } from './answers.js'
import { follow } from './following.js'
import type { Http, Json, Token } from './http.js'

/** How a channel is followed. */
export interface ChannelOptions {
  /** What opens the channel, when it is not the client's token. */
  readonly token?: Token
  /** Begin beyond this message; `'0'`: with all that is kept. Without one, from now on. */
  readonly lastId?: string
  /** Ends it, with the signal's reason. */
  readonly signal?: AbortSignal
}

/** The answers that are sent to a user. */
export async function* followChannel<Output>(
  http: Http,
  user: string,
  { token, signal, lastId }: ChannelOptions,
): AsyncGenerator<ChannelAnswer<Output>> {
  const path = `/_wistro/channels/${encodeURIComponent(user)}`
  const asked = { path, token, signal, repeatable: true }
  for await (const { event, id, data } of follow(http, () => asked, lastId)) {
    if (event === 'answer') yield channelAnswerOf<Output>(id, JSON.parse(data) as Json)
  }
}
