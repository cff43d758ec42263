import type { AttributeValue, Item } from '../values/attribute-value.ts'

type Steps = readonly (string | number)[]

/** A list that is being changed: what is removed leaves a hole, so that every index means the element it meant before. */
type Elements = (AttributeValue | undefined)[]

type Inside = Map<string, AttributeValue> | Elements

/** A copy of an item, to be changed. What is not touched is shared with the item, which stays as it is. */
export interface Draft {
  /** What is at the path now. */
  readonly at: (steps: Steps) => AttributeValue | undefined
  /** @returns false where the path leads through what is no list or map */
  readonly put: (steps: Steps, value: AttributeValue | undefined) => boolean
  readonly finished: () => Item
}

/**
 * Elements put beyond a list's end go to its end, in the order of their indexes; removed ones are gone at once in the end.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
 */
export function draft(item: Item): Draft {
  const root = new Map(Object.entries(item))
  const open = new Map<object, Inside>()

  /**
   * The copy of the list or map that is in there, made where there is none. It is known by a new wrapper in this one place:
   * one value can be at several places of an item, since values are shared and not copied.
   */
  function opened(inside: Inside, step: string | number): Inside | undefined {
    const value = member(inside, step)
    const known = value && open.get(value)
    if (value === undefined || known !== undefined) return known
    const copy = value.M === undefined ? value.L?.slice() : new Map(Object.entries(value.M))
    if (copy === undefined) return undefined
    const wrapper = { ...value }
    open.set(wrapper, copy)
    if (inside instanceof Map) inside.set(String(step), wrapper)
    else inside[Number(step)] = wrapper
    return copy
  }

  function parentOf(steps: Steps): Inside | undefined {
    let inside: Inside | undefined = root
    for (const step of steps.slice(0, -1)) inside = inside && opened(inside, step)
    return inside
  }

  return {
    at(steps) {
      const parent = parentOf(steps)
      const last = steps.at(-1)
      return parent === undefined || last === undefined ? undefined : member(parent, last)
    },
    put(steps, value) {
      const parent = parentOf(steps)
      const last = steps.at(-1)
      if (parent instanceof Map && typeof last === 'string') {
        if (value === undefined) parent.delete(last)
        else parent.set(last, value)
        return true
      }
      if (!Array.isArray(parent) || typeof last !== 'number') return false
      if (value !== undefined || last < parent.length) parent[last] = value
      return true
    },
    finished: () => itemOf(root, open),
  }
}

/** What is in there, as it is now. */
function member(inside: Inside, step: string | number): AttributeValue | undefined {
  if (inside instanceof Map) return typeof step === 'string' ? inside.get(step) : undefined
  return typeof step === 'number' ? inside[step] : undefined
}

type Opened = ReadonlyMap<object, Inside>

function itemOf(attributes: Map<string, AttributeValue>, open: Opened): Item {
  return Object.fromEntries([...attributes].map(([name, value]) => [name, finishedValue(value, open)]))
}

function finishedValue(value: AttributeValue, open: Opened): AttributeValue {
  const changed = open.get(value)
  if (changed === undefined) return value
  if (changed instanceof Map) return { M: itemOf(changed, open) }
  return { L: Object.values(changed).flatMap((each) => (each === undefined ? [] : [finishedValue(each, open)])) }
}
