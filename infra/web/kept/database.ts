/** What this browser keeps for the page: records by name. */
export interface Database {
  get(name: string): Promise<unknown>
  put(name: string, value: unknown): Promise<void>
  /** Forgets everything. */
  clear(): Promise<void>
}

const STORE = 'kept'

export async function openDatabase(factory: IDBFactory = indexedDB): Promise<Database> {
  const opening = factory.open('collaboration', 1)
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(STORE))
  const database = await result(opening)
  const store = (mode: IDBTransactionMode) => database.transaction(STORE, mode).objectStore(STORE)
  return {
    get: (name) => result<unknown>(store('readonly').get(name)),
    async put(name, value) {
      await result(store('readwrite').put(value, name))
    },
    async clear() {
      await result(store('readwrite').clear())
    },
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB does not say why')))
  })
}
