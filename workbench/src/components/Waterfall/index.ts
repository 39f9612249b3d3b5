export { lengthOf, type Segment, type Tone, type WaterfallRow } from './model'
export { useClosed } from './useClosed'
export { Waterfall, type WaterfallProps } from './Waterfall'
