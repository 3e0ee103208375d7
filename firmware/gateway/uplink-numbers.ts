/**
 * Which uplink has which number in the datapath's programs: the datapath counts and tells by number, sessions and people go
 * by name, and a number means something only with the program that it is of. Whoever loads programs keeps it.
 */
import type { Program } from '../model/program.ts'
import { relayUplink, relayUplinkName } from '../model/traversal-program.ts'
import type { NumberedUplinks } from '../plan/path-status.ts'

/** Uplinks by number in the program that runs: looked up whenever one is needed, since every load may change it. */
export interface Numbers {
  /** 0–255; null: the datapath has no such uplink, or it is getting another number at this moment. */
  numberOf(name: string): number | null
  /** Null: as above. */
  nameOf(number: number): string | null
}

interface Numbered {
  readonly generation: number
  readonly uplinks: NumberedUplinks
}

export class UplinkNumbers implements Numbers {
  /** What runs, what ran before it, and what is being loaded. */
  #running: Numbered | null = null
  #before: Numbered | null = null
  #coming: Numbered | null = null

  /** This program is about to be loaded: nobody knows from when on it counts. */
  begin(program: Program): void {
    this.#coming = numbered(program)
  }

  /** This program runs. */
  run(program: Program): void {
    this.#before = this.#running
    this.#running = numbered(program)
    this.#coming = null
  }

  /** What ran goes on running. */
  giveUp(): void {
    this.#coming = null
  }

  /** Of the program that runs; null while none is known to. */
  get running(): NumberedUplinks | null {
    return this.#running?.uplinks ?? null
  }

  /** Of the program of that generation, if it is one of the last. */
  of(generation: number): NumberedUplinks | null {
    const known = [this.#coming, this.#running, this.#before]
    return known.find((one) => one?.generation === generation)?.uplinks ?? null
  }

  numberOf(name: string): number | null {
    if (name === relayUplinkName) return relayUplink
    const number = this.#running?.uplinks.findIndex((uplink) => uplink?.name === name) ?? -1
    return number >= 0 && this.#isSettled(number) ? number : null
  }

  nameOf(number: number): string | null {
    if (number === relayUplink) return relayUplinkName
    return this.#isSettled(number) ? (this.#running?.uplinks[number]?.name ?? null) : null
  }

  #isSettled(number: number): boolean {
    const coming = this.#coming
    return coming === null || coming.uplinks[number]?.name === this.#running?.uplinks[number]?.name
  }
}

function numbered({ generation, ports }: Program): Numbered {
  const uplinks: { name: string }[] = []
  for (const { role, uplink, twin } of ports)
    if (role === 'uplink') uplinks[uplink] = { name: twin }
  return { generation, uplinks }
}
