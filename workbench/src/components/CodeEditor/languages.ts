import type { LanguageSupport } from '@codemirror/language'

export type CodeLanguage = 'python' | 'typescript' | 'javascript' | 'go' | 'yaml' | 'json' | 'shell' | 'text'

/** The grammar of a language, fetched when it is first shown; none for plain text. */
export async function languageSupport(language: CodeLanguage): Promise<LanguageSupport | null> {
  switch (language) {
    case 'python':
      return (await import('@codemirror/lang-python')).python()
    case 'typescript':
      return (await import('@codemirror/lang-javascript')).javascript({ typescript: true })
    case 'javascript':
      return (await import('@codemirror/lang-javascript')).javascript()
    case 'go':
      return (await import('@codemirror/lang-go')).go()
    case 'yaml':
      return (await import('@codemirror/lang-yaml')).yaml()
    case 'json':
      return (await import('@codemirror/lang-json')).json()
    default:
      return null
  }
}

const BY_ENDING: Record<string, CodeLanguage> = {
  py: 'python',
  ts: 'typescript',
  tsx: 'typescript',
  js: 'javascript',
  mjs: 'javascript',
  go: 'go',
  yml: 'yaml',
  yaml: 'yaml',
  json: 'json',
  sh: 'shell',
}

/** The language of a file, by its name. */
export function languageOf(path: string): CodeLanguage {
  return BY_ENDING[path.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'text'
}
