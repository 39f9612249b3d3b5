export type Priority = 'low' | 'high'

export interface Ticket {
  id: string
  title: string
  priority: Priority
}

let count = 0

export const ticketService = {
  make: (title: string, priority: Priority): Ticket => ({ id: `${title}-${++count}`, title, priority }),
}
