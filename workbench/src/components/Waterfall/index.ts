export { lengthOf, type Segment, type Tone, type WaterfallRow } from './model'
export { Waterfall, type WaterfallProps } from './Waterfall'
