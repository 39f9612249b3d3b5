export { RunTrace } from './RunTrace/RunTrace'
