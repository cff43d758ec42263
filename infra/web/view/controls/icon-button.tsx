import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icons.tsx'

interface IconButtonProps {
  /** What it does: read out, and shown to a pointer. */
  readonly label: string
  readonly icon: IconName
  readonly onClick: () => void
}

export function IconButton({ label, icon, onClick }: IconButtonProps) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  )
}

interface DialogButtonProps extends Pick<IconButtonProps, 'label' | 'icon'> {
  /** The dialog that it opens, until that closes itself. */
  readonly children: (close: () => void) => ComponentChildren
}

export function DialogButton({ label, icon, children }: DialogButtonProps) {
  const isOpen = useSignal(false)
  return (
    <>
      <IconButton label={label} icon={icon} onClick={() => (isOpen.value = true)} />
      {isOpen.value && children(() => (isOpen.value = false))}
    </>
  )
}
