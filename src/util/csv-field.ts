/** A field of a comma-separated record, quoted where it must be (RFC 4180, as Go's encoding/csv reads it). */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
