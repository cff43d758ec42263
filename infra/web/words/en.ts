import type { Availability } from '../../../shared/rules/messaging.ts'
import type { RefusalCode } from '../../../shared/rules/refusal.ts'
import type { Note } from '../model/talk.ts'

/** Every sentence of the page for people. Another language is another object of this shape. */
export const en = {
  title: 'Collaboration',
  language: 'Language',
  loading: 'Opening …',
  availability: {
    available: 'Available',
    idle: 'Inactive',
    busy: 'Busy',
    'busy-idle': 'Busy, inactive',
    'do-not-disturb': 'Do not disturb',
    'be-right-back': 'Be right back',
    away: 'Away',
    offline: 'Offline',
  } satisfies Record<Availability, string> as Record<Availability, string>,
  unknown: 'Not known yet',
  ownState: 'Your state',

  elsewhere: {
    title: 'Open in another tab',
    text: 'This browser has one session, and another tab is using it.',
    take: 'Use it here',
  },

  enrol: {
    title: 'Set up this browser',
    text: 'Your administrator gives you a code, a link or a QR code. It is good for one use.',
    label: 'Code or link',
    hint: 'For example ann-phone/7KQ-M2X-…',
    scan: 'Scan a QR code',
    scanning: 'Hold the QR code in front of the camera',
    noScan: 'This browser cannot scan codes: paste the code, or open the link.',
    stop: 'Stop',
    noCamera: 'The camera cannot be used. Allow it, or paste the code.',
    go: 'Set up',
    going: 'Setting up …',
    unclear: 'This is neither a code nor a link: a code looks like ann-phone/XXX-XXX-…',
    elsewhere: (wanted: string, here: string) =>
      `The code is for ${wanted}, and this page connects to ${here} only. Ask your administrator for a link to the right page.`,
    offered: (device: string, host: string) => `Set this browser up as ${device} at ${host}?`,
  },

  signIn: {
    title: 'Sign in',
    user: 'User name',
    userHint: 'For example CONTOSO\\ann',
    password: 'Password',
    go: 'Sign in',
    trying: 'Signing in …',
    busy: 'Server Busy',
    busyText: (seconds: number) =>
      `Everything is taken just now. This page keeps trying and signs you in: next in ${seconds} s.`,
    busySpoken: 'Server Busy: this page keeps trying and signs you in.',
    tryNow: 'Try now',
    giveUp: 'Stop trying',
    as: (device: string) => `This browser is ${device}.`,
    forget: 'Forget this browser',
    forgetText: 'This deletes its key and all conversations kept here. To use it again you need a new code.',
    forgetGo: 'Delete everything',
  },

  ended: 'You were signed out',
  refused: 'You could not sign in',
  /** Why a sign-in was refused, a session ended or something was not done. For what is missing here the page shows the service's words. */
  reasons: {
    'not-enrolled': 'This browser is not set up any more. Ask your administrator for a new code.',
    'server-busy': 'Server Busy: everything is taken just now.',
    failed: 'Failed (300): the server takes no more sessions just now.',
    'not-permitted': 'You may not use this. Ask your administrator to permit you.',
    'bad-credentials': 'The user name or the password is wrong.',
    'too-many': 'There were too many attempts. Wait a while, then try again.',
    'session-gone': 'Your session is over. An administrator ended it, or you were away for too long.',
    evicted: 'You were idle, and somebody else needed the place.',
    inactive: 'You were away for too long.',
    replaced: 'This device signed in somewhere else.',
    'signed-out': 'The messaging server ended your session.',
    'upstream-away': 'The messaging server does not answer. Try again in a while.',
    unconfirmed: 'This may or may not have been done.',
    internal: 'The service failed. Try again in a while.',
  } as Partial<Record<RefusalCode, string>>,

  line: {
    connecting: 'Connecting …',
    retry: (seconds: number) => `No connection. Trying again in ${seconds} s`,
    retrying: 'No connection. Trying again …',
    spoken: 'No connection. This page keeps trying; what you write waits.',
    back: 'Connected again.',
    tryNow: 'Try now',
  },

  list: {
    conversations: 'Conversations',
    contacts: 'Contacts',
    noGroup: 'Other contacts',
    find: 'Find a contact',
    nobody: 'Nobody here has this name.',
    directory: 'Directory',
    search: (text: string) => `Search the directory for “${text}”`,
    empty: 'You have no contacts yet.',
    addContact: 'Add a contact',
    newGroup: 'New group conversation',
    unread: (count: number) => (count === 1 ? '1 unread message' : `${count} unread messages`),
    draft: 'Draft:',
    you: 'You:',
    signOut: 'Sign out',
    menu: 'More',
  },

  talk: {
    none: 'Choose somebody to talk to',
    noneHint: 'Up and down move through the list, Enter opens, Escape comes back.',
    back: 'Back to the list',
    messages: (name: string) => `Conversation with ${name}`,
    write: (name: string) => `Message to ${name}`,
    send: 'Send',
    typing: (names: string) => `${names} is typing …`,
    typingMany: (names: string) => `${names} are typing …`,
    members: (count: number) => `${count} people`,
    leave: 'Leave',
    remove: 'Remove contact',
    removeText: (name: string) => `Remove ${name} from your contacts?`,
    begin: 'Nothing has been said here yet.',
    over: 'This conversation is over. To go on, begin a new one.',
    fromYou: 'You',
  },

  notes: {
    invited: (name) => `${name} wants to talk to you`,
    left: (name) => `${name} has left`,
    ended: () => 'The conversation has ended',
    cut: () => 'Some messages were cut: you were away for longer than the service keeps them',
  } as Record<Note, (name: string) => string>,

  message: {
    waiting: 'Waits for the connection',
    sending: 'Sending',
    accepted: 'Sent',
    delivered: 'Delivered',
    unconfirmed: 'May not have been sent',
    failed: 'Not sent',
    'not-delivered': 'Not delivered',
    edited: 'edited',
    deleted: 'deleted',
    notReached: 'Nobody took the message',
    again: 'Send again',
    drop: 'Discard',
  },

  contact: {
    title: 'Add a contact',
    uri: 'Address',
    uriHint: 'For example sip:bob@contoso.test',
    name: 'Name',
    go: 'Add',
  },

  group: {
    title: 'New group conversation',
    who: 'Who is to be in it?',
    subject: 'Subject (optional)',
    text: 'First message',
    go: 'Begin',
    few: 'Choose two people or more.',
  },

  cancel: 'Cancel',
  close: 'Close',
  complaint: (reason: string) => `That did not work: ${reason}`,
  update: 'A new version of this page is ready.',
  reload: 'Reload',
  noKeeping: 'This browser lets the page keep nothing, and no key without that. A private window may be why.',
}

export type Words = typeof en
