import { BaseNode, NoopNodeProps } from 'motia/workbench'

export const Node = (props: NoopNodeProps) => <BaseNode title="Customer" {...props} />
