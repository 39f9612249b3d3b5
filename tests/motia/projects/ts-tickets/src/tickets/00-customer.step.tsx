import { BaseNode, type NoopNodeProps } from 'motia/workbench'

export const Node: React.FC<NoopNodeProps> = (props) => <BaseNode title="Customer" {...props} />
