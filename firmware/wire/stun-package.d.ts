/** What wire/stun.ts uses of the npm package `stun`, which has no types of its own. */
declare module 'stun' {
  interface StunAttribute {
    /** Of addresses `{address, port}`, of numbers a number. */
    readonly value: unknown
  }
  interface StunMessage {
    getAttribute(type: number): StunAttribute | undefined
  }
  interface StunRequest {
    addAttribute(type: number, ...values: readonly unknown[]): StunAttribute | undefined
    toBuffer(): Buffer
  }
  const stun: {
    createMessage(type: number, transactionId: Buffer): StunRequest
    /** @throws anything, at what is not well-formed */
    decode(message: Buffer): StunMessage
  }
  export default stun
}
