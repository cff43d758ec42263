/** What went wrong, read out as it appears; empty while nothing did. */
export function Problem({ of }: { readonly of: string | undefined }) {
  return (
    <div class="problem" role="alert" dir="auto">
      {of}
    </div>
  )
}
