// Copying, also where the clipboard interface is missing: plain http in a local network is not a secure context.

/** Whether the text is in the clipboard now. `near` is where a helper field may stand: inside a dialog, if one is open. */
export async function copyText(text: string, near: Element): Promise<boolean> {
  try {
    if (navigator.clipboard !== undefined) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused, for example without focus or permission: the old way may still work.
  }
  return copyByCommand(text, near);
}

function copyByCommand(text: string, near: Element): boolean {
  const focused = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.className = 'vh';
  // Everything outside an open dialog is inert and cannot be selected.
  (near.closest('dialog') ?? document.body).append(field);
  field.select();
  let copied = false;
  try {
    copied = document.execCommand('copy');
  } catch {
    copied = false;
  }
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return copied;
}
