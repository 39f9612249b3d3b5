export { RepairMenu } from './RepairMenu/RepairMenu'
export { Repairs } from './Repairs/Repairs'
