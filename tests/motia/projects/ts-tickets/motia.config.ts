import { config } from 'motia'
import endpointPlugin from '@motiadev/plugin-endpoint/plugin'

export default config({ plugins: [endpointPlugin] })
