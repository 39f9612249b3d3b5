import * as react from 'react'
import * as jsxRuntime from 'react/jsx-runtime'
import { workbench } from './kit'

declare global {
  /** What stands in for React and `wistro/workbench` in the bundles of custom nodes takes it from here. */
  var wistroWorkbench: { react: typeof react; jsxRuntime: typeof jsxRuntime; workbench: typeof workbench } | undefined
}

/** Make the page's own React known, before the first custom node is fetched. */
export function offerToCustomNodes(): void {
  globalThis.wistroWorkbench ??= { react, jsxRuntime, workbench }
}
