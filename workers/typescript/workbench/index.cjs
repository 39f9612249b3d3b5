// Stands in for `wistro/workbench` in custom nodes: the page gives what index.d.ts describes.
module.exports = globalThis.wistroWorkbench.workbench
