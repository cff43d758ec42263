/** Conditions on whether an item is there. */
export const KNOWN = 'attribute_exists(pk)'
export const UNKNOWN = 'attribute_not_exists(pk)'

/** Whether a conditional write happened, where that is all there is to know. */
export async function done(write: Promise<{ readonly done: boolean }>): Promise<boolean> {
  return (await write).done
}
