/** Milliseconds between two lines. */
const patience = 5000

/**
 * Says what a project's toolchain downloads while it reads the project, one line every five seconds: it may be hundreds
 * of modules, and none is known before it comes.
 */
export function watchDownloads(say: (text: string) => void) {
  let count = 0
  let latest = ''
  let said = ''
  const tell = () => {
    const text =
      count === 0
        ? 'Reading the project; its dependencies may have to be downloaded first'
        : `Downloading dependencies: ${latest}${count > 1 ? `, ${count} so far` : ''}`
    if (text !== said) say(text)
    said = text
  }
  const timer = setInterval(tell, patience)
  return {
    onDownload(what: string): void {
      count += 1
      latest = what
    },
    end: () => clearInterval(timer),
  }
}
