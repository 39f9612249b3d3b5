import { ActionIcon, Button, FileButton, Textarea, Tooltip } from '@mantine/core'
import { IconDownload, IconPaperclip } from '@tabler/icons-react'
import { type FormEvent, useRef, useState } from 'react'
import { fetchApi, OURS } from '@/api/client'
import { errorOf } from '@/api/errors'
import { Failed } from '@/components/States/States'
import { When } from '@/components/When/When'
import { refusalOf, sizeInWords, type TaskDetail } from '../model'
import classes from './Task.module.css'

interface RemarksProps {
  task: TaskDetail
  by: string
  onChanged: () => Promise<unknown>
}

/** What people said and attached without answering, and a way to do so. */
export function Remarks({ task, by, onChanged }: RemarksProps) {
  const open = task.status === 'open'
  if (!open && task.remarks.length === 0) return null
  return (
    <section className={classes.part} aria-labelledby="remarks">
      <h2 id="remarks">Comments and files</h2>
      {task.remarks.length === 0 && <p className={classes.plain}>Nobody has said anything yet.</p>}
      <ul className={classes.remarks}>
        {task.remarks.map((remark) => (
          <li key={`${remark.by}${remark.at}${remark.attachment?.id ?? remark.text}`}>
            <p className={classes.by}>
              <strong>{remark.by}</strong> <When at={remark.at} />
            </p>
            {remark.text && <p className={classes.said}>{remark.text}</p>}
            {remark.attachment && <Attached task={task.id} file={remark.attachment} />}
          </li>
        ))}
      </ul>
      {open && <Say task={task} by={by} onChanged={onChanged} />}
    </section>
  )
}

function Attached({ task, file }: { task: string; file: NonNullable<TaskDetail['remarks'][number]['attachment']> }) {
  const address = `${OURS}/api/tasks/${encodeURIComponent(task)}/attachments/${encodeURIComponent(file.id)}`
  return (
    <a className={classes.file} href={address} download={file.name}>
      <IconDownload size={16} aria-hidden />
      {file.name} <span className="quiet">{sizeInWords(file.size)}</span>
    </a>
  )
}

function Say({ task, by, onChanged }: RemarksProps) {
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const forget = useRef<() => void>(null)

  async function act(what: () => Promise<unknown>) {
    setBusy(true)
    setError(null)
    try {
      await what()
      await onChanged()
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }

  function say(event: FormEvent) {
    event.preventDefault()
    if (!text.trim()) return
    void act(async () => {
      await fetchApi.POST('/api/tasks/{task_id}/comments', { params: { path: { task_id: task.id } }, body: { text, by } })
      setText('')
    })
  }

  function choose(file: File | null) {
    forget.current?.() // the same one may be chosen again
    if (file) void act(() => attach(task.id, by, file))
  }

  return (
    <form className={classes.say} onSubmit={say}>
      <Textarea
        aria-label="Ask or say something"
        placeholder="Ask or say something"
        autosize
        minRows={1}
        maxLength={10_000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {error !== null && <Failed error={error} />}
      <div className={classes.send}>
        <Button type="submit" variant="default" disabled={!text.trim()} loading={busy}>
          Comment
        </Button>
        <FileButton resetRef={forget} onChange={choose}>
          {(props) => (
            <Tooltip label="Attach a file of at most 1 MB">
              <ActionIcon {...props} variant="default" size={36} aria-label="Attach a file" disabled={busy}>
                <IconPaperclip size={18} aria-hidden />
              </ActionIcon>
            </Tooltip>
          )}
        </FileButton>
      </div>
    </form>
  )
}

/** The body is the file itself, which the generated client has no words for. */
async function attach(task: string, by: string, file: File): Promise<void> {
  const refusal = refusalOf(file)
  if (refusal) throw new Error(refusal)
  const query = new URLSearchParams({ name: file.name, by })
  const response = await fetch(`${OURS}/api/tasks/${encodeURIComponent(task)}/attachments?${query.toString()}`, {
    method: 'POST',
    headers: { 'wistro-workbench': '1', 'content-type': file.type || 'application/octet-stream' },
    body: file,
  })
  if (!response.ok) throw errorOf(response.status, await response.json().catch(() => null))
}
