import { durationInWords } from '@/components/When/model'
import { useNow } from '@/components/When/When'

/** How long something took, or has taken so far while it has no end. */
export function Duration({ from, to }: { from: string; to?: string | null | undefined }) {
  const now = useNow(1_000, !to)
  const end = to ? Date.parse(to) : Math.max(now, Date.now())
  return <span style={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>{durationInWords(end - Date.parse(from))}</span>
}
