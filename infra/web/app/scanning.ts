/** What Chromium and Safari can do, and TypeScript does not know. https://developer.mozilla.org/en-US/docs/Web/API/BarcodeDetector */
interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>
}
type BarcodeDetectorClass = new (options: { formats: string[] }) => Detector

/** Where the browser has it. */
declare const BarcodeDetector: BarcodeDetectorClass

function detectorClass(): BarcodeDetectorClass | undefined {
  return 'BarcodeDetector' in globalThis ? BarcodeDetector : undefined
}

export function canScan(): boolean {
  return detectorClass() !== undefined && 'mediaDevices' in navigator
}

/**
 * Looks through the camera until there is a QR code that `isWanted`, or until the signal is aborted. The picture stays on
 * this device.
 *
 * @throws where the camera cannot be had
 */
export async function scanned(
  video: HTMLVideoElement,
  isWanted: (text: string) => boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  const Detector = detectorClass()
  if (Detector === undefined) return undefined
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
  try {
    video.srcObject = stream
    await video.play()
    const detector = new Detector({ formats: ['qr_code'] })
    while (!signal.aborted) {
      const codes = await detector.detect(video)
      const found = codes.find(({ rawValue }) => isWanted(rawValue))
      if (found !== undefined) return found.rawValue
      await new Promise((resolve) => requestAnimationFrame(resolve))
    }
    return undefined
  } finally {
    for (const track of stream.getTracks()) track.stop()
  }
}
