import { type PointerEvent, useEffect, useId, useRef } from 'react'
import { Field } from '../../ui/Field.js'
import { drawStroke, emptyPad, type Point, padSide, readPixels } from './pad.js'
import { useHeldOut } from './useHeldOut.js'

/** A square to draw a digit on, with mouse, pen or finger; or a digit of the held-out rows, with the keyboard too. */
export function DigitPad({ pixels, onChange }: { pixels: Float32Array; onChange: (pixels: Float32Array) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const last = useRef<Point | undefined>(undefined)
  const help = useId()
  const examples = useHeldOut()

  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (context === null || context === undefined) return
    const image = context.createImageData(padSide, padSide)
    pixels.forEach((ink, index) => {
      const grey = Math.round(255 * (1 - ink))
      image.data.set([grey, grey, grey, 255], index * 4)
    })
    context.putImageData(image, 0, 0)
  }, [pixels])

  const draw = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    // Between two frames a hand moves on: the points in between are drawn too.
    const moves = event.nativeEvent.getCoalescedEvents?.() ?? []
    let drawn = pixels
    for (const { clientX, clientY } of moves.length === 0 ? [event] : moves) {
      const to = {
        x: ((clientX - box.left) / box.width) * padSide,
        y: ((clientY - box.top) / box.height) * padSide,
      }
      drawn = drawStroke(drawn, last.current ?? to, to)
      last.current = to
    }
    onChange(drawn)
  }
  const end = () => {
    last.current = undefined
  }
  return (
    <div className="pad">
      <canvas
        ref={canvas}
        className="pad-canvas"
        width={padSide}
        height={padSide}
        role="img"
        aria-label="Area to draw a digit on"
        aria-describedby={help}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          draw(event)
        }}
        onPointerMove={(event) => {
          if (last.current !== undefined) draw(event)
        }}
        onPointerUp={end}
        onPointerCancel={end}
      />
      <div className="pad-side">
        <p id={help} className="small muted">
          Draw one digit with mouse, pen or finger. Without one of these, choose a digit that the model has not seen.
        </p>
        <Field label="A held-out digit">
          {(control) => (
            <select
              {...control}
              className="field"
              value=""
              onChange={(event) => {
                const row = examples.data?.find(({ label }) => label === event.target.value)
                if (row !== undefined) onChange(readPixels(row.pixels))
              }}
            >
              <option value="">Choose…</option>
              {examples.data?.map(({ label }) => (
                <option key={label} value={label}>{`A handwritten ${label}`}</option>
              ))}
            </select>
          )}
        </Field>
        <button type="button" className="button button-small" onClick={() => onChange(emptyPad())}>
          Clear
        </button>
      </div>
    </div>
  )
}
