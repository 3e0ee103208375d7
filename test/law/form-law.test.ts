/** The real tree keeps the laws of form, and each of them is shown to turn red on a planted tree. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkForm, exportedFunctions } from './form-law.ts'
import { describe, readSourceTree } from './source-tree.ts'

const header = '/** Does one thing and leaves the rest to others. */\n'
const problems = (path: string, source: string): string =>
  describe(checkForm(new Map([[path, source]])))

test('the project keeps the laws of form', () => {
  assert.equal(describe(checkForm(readSourceTree())), '')
})

test('a TypeScript file of 300 lines passes, one of 301 does not', () => {
  assert.equal(problems('firmware/a.ts', header + 'x\n'.repeat(299)), '')
  assert.match(problems('firmware/a.ts', header + 'x\n'.repeat(300)), /has 301 lines/)
})

test('a C file of 401 lines is refused', () => {
  assert.match(problems('native/a.c', header + '\n'.repeat(400)), /has 401 lines/)
})

test('a file without a header comment is refused', () => {
  assert.match(problems('firmware/a.ts', 'export const a = 1\n'), /header comment/)
  assert.match(problems('firmware/a.ts', '/** */\nexport const a = 1\n'), /header comment/)
  assert.match(problems('native/a.c', '/* SPDX-License-Identifier: Apache-2.0 */\n'), /header/)
  assert.match(problems('build/a.sh', '#!/bin/sh\nset -eu\n'), /header comment/)
})

test('C may point to its header file, if that exists', () => {
  const source = '/* See peer.h. */\n'
  assert.match(problems('native/peer.c', source), /header comment/)
  const tree = new Map([
    ['native/peer.c', source],
    ['native/peer.h', header],
  ])
  assert.equal(describe(checkForm(tree)), '')
})

test('a name that is not kebab-case is refused', () => {
  assert.match(problems('firmware/fooBar.ts', header), /kebab-case/)
})

test('an exported C function without the prefix is refused, a static one is not', () => {
  assert.match(
    problems('native/a.c', `${header}int open_port(int a)\n{\n\treturn a;\n}\n`),
    /open_port/,
  )
  assert.match(problems('native/a.h', `${header}struct a *next(struct a *b);\n`), /'next'/)
  const fine = `${header}static int a(void)\n{\n\tif (b) {\n\t}\n\treturn 0;\n}\nint cw_b(void);\n`
  assert.equal(problems('native/a.c', fine), '')
})

test('exports are told from types, macros, tables and calls', () => {
  const source = `
    #define X(a) \\
      int hidden(a)
    typedef int (*callback)(int);
    struct s { int (*member)(int); };
    static const int table[] = { 1, 2 };
    static_assert(sizeof(int) == 4, "four (4)");
    RTE_LOG_REGISTER(log_type, x, INFO);
    extern "C" {
    int cw_one(struct s *x) __attribute__((warn_unused_result));
    }
    void *cw_two(int (*f)(int), int a) { return f(a) ? 0 : 0; }
    __rte_hot uint16_t cw_three(void);
  `
  assert.deepEqual(exportedFunctions(source), ['cw_one', 'cw_two', 'cw_three'])
})

test('Node headers outside the addon are refused', () => {
  const source = `${header}#include <node_api.h>\n`
  assert.match(problems('native/dataplane/a.c', source), /Node headers/)
  assert.equal(problems('native/addon/a.c', source), '')
})
