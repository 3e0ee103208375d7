/**
 * From power-on to forwarding: a blank box that is told of its controller by DHCP and vouched for by its owner's root; one that is
 * claimed by its code; a box that starts cold with every controller dead; and one whose certificate ended a week ago.
 */
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { openOwner } from '../../../firmware/controller/owner.ts'
import {
  issueCertificate,
  makeAuthority,
  readCertificate,
} from '../../../firmware/host/pki/certificate.ts'
import type { OwnerRecord } from '../../../firmware/model/enrolment.ts'
import { controllerAddress, controllerFolder } from '../../lab/controller-place.ts'
import { describeSites, type LabDescription, uplinksOf } from '../../lab/description.ts'
import { Desk } from '../../lab/desk.ts'
import { awaitReachable } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { powerOff, powerOn } from '../../lab/power.ts'
import type { Check, Line } from '../line.ts'

const blankMs = 60_000
const coldMs = 10_000
const renewMs = 30_000
const dayMs = 86_400_000
const sites = ['berlin', 'lisbon'] as const

export const zeroTouch: Line = {
  name: 'zero-touch',
  title: 'blank boxes forward within a minute, cold ones without any controller, late ones renew',
  faults: {
    'not-claimed': 'blank, told by DHCP',
    'no-saved-config': 'cold start',
    'wrong-authority': 'certificate ended',
  },
  measure: async ({ isQuick, fault }) => {
    const byCode = isQuick || fault !== undefined ? [] : [await blankByCode()]
    return [...byCode, ...(await byRoot(fault))]
  },
}

function describe(toldBy: 'file' | 'dhcp', hasRoot: boolean): LabDescription {
  const { sites, ...rest } = describeSites(2, { controller: { toldBy, hasRoot } })
  return {
    ...rest,
    sites: sites.map((site) => ({ ...site, ...uplinksOf([{ ...site.wan, isDhcp: true }]) })),
  }
}

async function blankByCode(): Promise<Check> {
  await using lab = await openLab(describe('file', false))
  const desk = await Desk.open(lab)
  await desk.apply()
  const onMs = performance.now()
  await lab.start()
  for (const site of sites) await desk.claim(site)
  return await within('blank, claimed by its code, to the first packet', blankMs, onMs, lab)
}

async function byRoot(fault: string | undefined): Promise<Check[]> {
  await using lab = await openLab(describe('dhcp', true))
  const desk = await Desk.open(lab)
  await desk.apply()
  const onMs = performance.now()
  await lab.start()
  if (fault !== 'not-claimed') for (const site of sites) await desk.claim(site)
  const title = 'blank, told by DHCP and vouched for by a root, to the first packet'
  const blank = await within(title, blankMs, onMs, lab)
  if (!blank.isOk) return [blank]
  await desk.settled()
  return [blank, await coldStart(lab, desk, fault), await lateRenewal(lab, desk, fault)]
}

/** From the start of the processes until a packet of one host has come to the other. */
async function within(check: string, limitMs: number, onMs: number, lab: Lab): Promise<Check> {
  const ms = await awaitReachable(lab, ...sites, 4, limitMs - (performance.now() - onMs)).then(
    () => performance.now() - onMs,
    () => null,
  )
  return {
    check,
    target: `≤ ${limitMs / 1_000} s`,
    figure: ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`,
    isOk: ms !== null && ms <= limitMs,
  }
}

async function coldStart(lab: Lab, desk: Desk, fault: string | undefined): Promise<Check> {
  await desk.controller.stop('SIGKILL')
  for (const site of sites) {
    await powerOff(lab, site)
    if (fault !== 'no-saved-config') continue
    const instance = lab.names.instance(site)
    rmSync(`/etc/causeway/${instance}/device.yaml`)
    rmSync(`/var/lib/causeway/${instance}/config`, { recursive: true })
  }
  const onMs = performance.now()
  const started = Promise.all(sites.map((site) => powerOn(lab, site)))
  const check = await within(
    'cold start of both boxes, no controller, to the first packet',
    coldMs,
    onMs,
    lab,
  )
  await started
  return check
}

/** The certificate in the box's record is replaced by one of the same owner that ended a week ago. */
async function lateRenewal(lab: Lab, desk: Desk, fault: string | undefined): Promise<Check> {
  const keys = `${controllerFolder(lab.names)}/keys`
  const nowMs = Date.now() - 37 * dayMs
  const { authority } =
    fault === 'wrong-authority'
      ? {
          authority: await makeAuthority(
            generateKeyPairSync('ec', { namedCurve: 'P-256' }),
            'another',
            100,
            nowMs,
          ),
        }
      : await openOwner(keys, [controllerAddress], Date.now())
  const [site] = sites
  const path = `/var/lib/causeway/${lab.names.instance(site)}/owner.json`
  await lab.processes.get(site)!.gateway.stop()
  const record = JSON.parse(readFileSync(path, 'utf8')) as OwnerRecord
  const before = new X509Certificate(record.certificate)
  const request = { ...readCertificate(before, [record.authority])!, publicKey: before.publicKey }
  const certificate = await issueCertificate(authority, request, 30, nowMs)
  writeFileSync(path, JSON.stringify({ ...record, certificate }))
  await lab.restart(site, 'gateway')
  await desk.restart()
  const startedMs = performance.now()
  const { gateway } = lab.processes.get(site)!
  const isRenewed = await gateway
    .line((line) => line.includes('"certificate renewed"'), renewMs)
    .then(
      () => true,
      () => false,
    )
  const left = (await desk.enrolment(site)).certificateSeconds ?? 0
  return {
    check: 'certificate ended a week ago: renewed once there is a controller',
    target: '> 29 days left',
    figure: isRenewed
      ? `${(left / 86_400).toFixed(1)} days left after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`
      : 'never renewed',
    isOk: isRenewed && left > 29 * 86_400,
  }
}
