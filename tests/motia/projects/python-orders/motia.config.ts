import { config } from 'motia'
import statesPlugin from '@motiadev/plugin-states/plugin'

export default config({ plugins: [statesPlugin] })
