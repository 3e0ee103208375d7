/** `causeway ctl root`: the owner's own root, kept off line, and what it says of a controller's authority. */
import { readConfigFile } from '../host/config/file.ts'
import { makeRoot, type SignedDelegation, signDelegation } from '../host/pki/root.ts'
import { replaceFile } from '../host/system/file.ts'
import { CausewayError } from '../model/errors.ts'
import { type ExitCode, exitCode, Misuse } from './call.ts'
import { accountOf, ask, type CtlCall, type CtlCommand, print } from './ctl-call.ts'

const usualDays = 3_650
const mostDays = 7_300

export const rootCommands: readonly CtlCommand[] = [
  {
    name: 'root make',
    takes: 'FILE',
    help: `make a root: FILE has the private key, to be kept off line; FILE.pub the public one, to be put on
boxes, which then take every owner that this root has delegated to without asking anybody`,
    words: [1, 1],
    options: [],
    run: async (call) => {
      const [path = ''] = call.words
      print(call, await makeRoot(path), ({ privateFile, publicFile, fingerprint }) =>
        [
          `${privateFile}: private: keep it off line, and a copy of it elsewhere\n`,
          `${publicFile}: public: for the boxes, SHA-256 ${fingerprint}\n`,
        ].join(''),
      )
      return exitCode.done
    },
  },
  {
    name: 'root delegate',
    takes: 'FILE [--authority CERTIFICATE [--out FILE]] [--days N]',
    help: `say by the root in FILE that the controller that one is signed in to may make vouchers for boxes
that have it, for N days (${usualDays} unless told), and tell the controller. Off line: --authority has
the certificate (owner.pem at the controller), and what was said goes to --out or is printed`,
    words: [1, 1],
    options: ['authority', 'days', 'out'],
    run: delegate,
  },
  {
    name: 'root install',
    takes: 'FILE',
    help: 'tell the controller what a root said off line',
    words: [1, 1],
    options: [],
    run: async (call) => {
      const [path = ''] = call.words
      return install(call, signedIn(await readConfigFile(path), path))
    },
  },
]

async function delegate(call: CtlCall): Promise<ExitCode> {
  const [path = ''] = call.words
  const { authority: file, out, days = String(usualDays) } = call.options
  const count = Number(days)
  if (!/^\d{1,4}$/.test(String(days)) || count < 1 || count > mostDays) {
    throw new Misuse(`--days takes 1 to ${mostDays}`)
  }
  if (typeof file !== 'string') {
    if (out !== undefined) throw new Misuse('--out goes with --authority')
    const { authority } = await accountOf(call)
    return install(call, await signDelegation(path, authority, count, Date.now()))
  }
  const pem = await readConfigFile(file)
  const signed = await signDelegation(path, pem, count, Date.now()).catch((error: unknown) => {
    if (error instanceof CausewayError) throw error
    throw new CausewayError('CONFIG_UNREADABLE', `${file} is no certificate`)
  })
  const text = `${JSON.stringify(signed)}\n`
  if (typeof out !== 'string') call.output.out(text)
  else {
    await replaceFile(out, text, 0o644)
    print(call, { file: out }, () => `${out}: causeway ctl root install tells the controller\n`)
  }
  return exitCode.done
}

async function install(call: CtlCall, signed: SignedDelegation): Promise<ExitCode> {
  const answer = await ask(call, '/api/v1/delegation', { post: signed })
  print(call, answer, () => 'the controller may make vouchers for boxes that have this root\n')
  return exitCode.done
}

function signedIn(text: string, path: string): SignedDelegation {
  try {
    const { delegation, root } = JSON.parse(text) as Partial<SignedDelegation>
    if (typeof delegation === 'string' && typeof root === 'string') return { delegation, root }
  } catch {
    // It is said below.
  }
  throw new CausewayError('CONFIG_UNREADABLE', `${path} is not what ctl root delegate wrote`)
}
