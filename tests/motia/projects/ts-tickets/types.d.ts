/* Written by `motia generate-types`. */
import { EventHandler, ApiRouteHandler, ApiResponse, MotiaStream, CronHandler } from 'motia'

declare module 'motia' {
  interface FlowContextStateStreams {
    'ticketBoard': MotiaStream<{ id: string; title: string; status: string }>
  }
  interface Handlers {
    'OpenTicket': ApiRouteHandler<{ title: string }, ApiResponse<201, unknown>, never>
  }
}
