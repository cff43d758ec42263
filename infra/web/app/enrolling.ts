import { enroll } from '../../../shared/device/enroll.ts'
import { timeByHttp } from '../../../shared/device/service-clock.ts'
import { importedKeys, type Identity } from '../kept/identity.ts'
import type { Offered } from '../model/enrolment-link.ts'

/** Where the page's service is: `/service.json`, which the server of the page writes. */
export interface ServiceAddress {
  readonly url: string
  /** Where the service is behind a domain of its own: who tokens are for. */
  readonly audience?: string
}

export async function serviceAddress(): Promise<ServiceAddress> {
  const response = await fetch('/service.json')
  return response.json()
}

/** Redeems a code. What it brings is imported at once, and the bytes are let go. */
export async function enrolled({ code }: Offered, service: ServiceAddress, origin: string): Promise<Identity> {
  const { device, transportKey, user } = await enroll({ ...service, code, serviceTime: () => timeByHttp(origin) })
  const keys = await importedKeys(transportKey)
  transportKey.fill(0)
  return { ...service, device, ...(user !== undefined && { user }), ...keys }
}
