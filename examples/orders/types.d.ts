// Written by `wistro types`. Do not edit: it is written anew whenever the steps change.

import type { EventHandler, Handlers, Stream, Topics } from 'wistro'

declare module 'wistro' {
  interface Topics {
    'order.completed': {
      order_id: string
      total: number
      parcel: string
      receipt: string
    }
    'order.placed': {
      order_id: string
      email: string
      card: string
      total: number
    }
    'order.shipped': {
      order_id: string
      parcel: string
    }
    'payment.refused': {
      order_id: string
      reason: string
    }
    'payment.taken': {
      order_id: string
      email: string
      receipt: string
    } & {
      order_id: string
      receipt: string
    }
  }

  interface FlowContextStateStreams {
    progress: Stream<{
      stage: 'placed' | 'paid' | 'refused' | 'shipped' | 'completed' | 'cancelled'
    }>
  }

  interface Handlers {
    'Charge the customer\'s card': EventHandler<{
      order_id: string
      email: string
      card: string
      total: number
    }, { topic: 'payment.taken'; data: Topics['payment.taken'] } | { topic: 'payment.refused'; data: Topics['payment.refused'] }>
    'Tell the customer': EventHandler<{
      order_id: string
      email: string
      receipt: string
    }, { topic: 'customer.notified'; data: unknown }>
    'charge-card': Handlers['Charge the customer\'s card']
    'notify-customer': Handlers['Tell the customer']
  }
}
