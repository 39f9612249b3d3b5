export { RepairMenu } from './RepairMenu/RepairMenu'
