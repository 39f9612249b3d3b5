/** Calls flows over HTTP, from browsers and from Node: what programs import from `wistro/client`. */
export type { Answer, Answered, Called, ChannelAnswer, Pending, Scheduled } from './answers.js'
export type { ChannelOptions } from './channel.js'
export { type CallOptions, Client, type ClientOptions, type FetchOptions, type FollowOptions, type RespondTo } from './client.js'
export { RequestFailed, Unanswered, Unreachable } from './errors.js'
export type { Token } from './http.js'
