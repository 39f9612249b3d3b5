// Step files written for Motia import their types from the package `motia`: they are ours.
declare module 'motia' {
  export * from 'wistro'
}
declare module 'motia/workbench' {
  export * from 'wistro/workbench'
}
