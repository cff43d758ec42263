/** One user, as any well-formed SIP URI names one. */
export const isSipUri = (uri: string): boolean => uri.length <= 512 && /^sip:[^\s@:;?<>",]+@[\w.-]+$/i.test(uri)
