/** The store in memory keeps to what every store keeps to. */
import { memoryTable } from '../../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../../firmware/host/store/ordered-store.ts'
import { storeContract } from './contract.ts'

storeContract('in memory', () => openStore(memoryTable()))
