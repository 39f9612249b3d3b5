// Stands in for React's runtime in custom nodes.
module.exports = globalThis.wistroWorkbench.jsxRuntime
