/** A sentence in which `this` is something to type or to look for. */
export function Words({ text }: { readonly text: string }) {
  return (
    <>
      {text.split('`').map((part, index) =>
        // Parts of one sentence stay where they are.
        index % 2 === 0 ? part : <code key={index}>{part}</code>,
      )}
    </>
  )
}
