/**
 * Builds the web UI into webui/out: hashed names below `assets/`, which a box serves as immutable, and an index that it
 * does not. Prints what a browser loads before the first page shows, and fails when that is more than the limit.
 */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** Of HTML, style and script before the first page, gzip: some 1 s on a slow phone link (1.6 Mbit/s), with room. */
const firstLoadMaxBytes = 150_000

const schemas = /node_modules\/typebox\/|firmware\/model\/(?!local-permission|relayed-reason)/
const firstPage = '/webui/page/overview/overview.tsx'

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  cacheDir: join(import.meta.dirname, '../.cache/vite'),
  build: {
    outDir: 'out',
    emptyOutDir: true,
    target: 'es2023',
    // An inlined font or image would need `data:` where the CSP has none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // By themselves: else what pages share of them is put where the frame loads it. The frame takes plain tables of some files.
        codeSplitting: { groups: [{ name: 'schema', test: schemas }] },
      },
      treeshake: {
        // Schemas of the model that a page does not check by are left out, and TypeBox with them.
        propertyReadSideEffects: false,
        // By name alone, wherever it stands: none of them may be that of a variable whose methods do something.
        manualPureFunctions: ['Type', 'Compile', 'Nullable', 'Words', 'means', 'maybe'],
      },
    },
  },
  logLevel: 'warn',
  plugins: [withoutEvaluation(), firstLoad()],
})

/**
 * typebox tries whether it may evaluate text, and does without where it may not. The box's content policy forbids it: even the
 * try would be a complaint in everybody's console.
 */
function withoutEvaluation(): Plugin {
  return {
    name: 'without-evaluation',
    transform(code, id) {
      if (!id.endsWith('typebox/build/system/environment/evaluate.mjs')) return null
      const tried = 'supported = TryEvaluate()'
      if (!code.includes(tried)) this.error('typebox tries to evaluate in another way than before')
      return code.replace(tried, 'supported = false')
    },
  }
}

/** What the index names and that imports, and the page that comes first. All else is loaded when it is opened. */
function firstLoad(): Plugin {
  return {
    name: 'first-load',
    apply: 'build',
    enforce: 'post',
    writeBundle(_, bundle) {
      const needed = new Set<string>()
      const visit = (name: string): void => {
        const part = bundle[name]
        if (part === undefined || needed.has(name)) return
        needed.add(name)
        if (part.type !== 'chunk') return
        for (const next of part.imports) visit(next)
        for (const style of part.viteMetadata?.importedCss ?? []) visit(style)
      }
      for (const part of Object.values(bundle)) {
        if (part.type !== 'chunk') continue
        if (part.isEntry || part.facadeModuleId?.endsWith(firstPage)) visit(part.fileName)
      }
      visit('index.html')
      const sizeOf = (names: Iterable<string>): number =>
        [...names].reduce((sum, name) => {
          const part = bundle[name]!
          return sum + gzipSync(part.type === 'chunk' ? part.code : part.source).length
        }, 0)
      const first = sizeOf(needed)
      const all = sizeOf(Object.keys(bundle))
      console.error(
        `web UI: first load ${kilobytes(first)} of ${kilobytes(firstLoadMaxBytes)} gzip, all pages ${kilobytes(all)}`,
      )
      if (first > firstLoadMaxBytes) this.error('the first load is above its limit')
    },
  }
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}
