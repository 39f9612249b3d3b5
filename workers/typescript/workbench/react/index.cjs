// Stands in for React in custom nodes: it is the page's own, so that hooks work.
module.exports = globalThis.wistroWorkbench.react
