// SPDX-License-Identifier: Apache-2.0
// oidc-provider's memory, one map per stand-in: nothing evicted, nothing on disk.

export class Memory {
    #rows = new Map();

    // `keepUsed` names models whose use leaves them valid, as Microsoft's refresh tokens are.
    constructor({ keepUsed = [] } = {}) {
        this.keepUsed = keepUsed;
    }

    clear() {
        this.#rows.clear();
    }

    // The adapter class that oidc-provider instantiates once per model.
    adapter() {
        const memory = this;
        return class {
            constructor(model) {
                this.model = model;
            }

            async upsert(id, payload) {
                memory.#rows.set(`${this.model}:${id}`, payload);
                if (payload.uid) memory.#rows.set(`${this.model}:uid:${payload.uid}`, payload);
            }

            async find(id) {
                const row = memory.#rows.get(`${this.model}:${id}`);
                return row && (!row.exp || row.exp > Date.now() / 1000) ? row : undefined;
            }

            async findByUid(uid) {
                return this.find(`uid:${uid}`);
            }

            async findByUserCode() {
                return undefined; // no device flow here
            }

            async consume(id) {
                const row = await this.find(id);
                if (row && !memory.keepUsed.includes(this.model)) {
                    row.consumed = Math.floor(Date.now() / 1000);
                }
            }

            async destroy(id) {
                memory.#rows.delete(`${this.model}:${id}`);
            }

            async revokeByGrantId(grantId) {
                memory.forget((row) => row.grantId === grantId);
            }
        };
    }

    // Drops every row that `matches`; tells how many.
    forget(matches) {
        const gone = [...this.#rows].filter(([, row]) => matches(row));
        for (const [key] of gone) this.#rows.delete(key);
        return gone.length;
    }

    // Forgets what one person allowed one client, as far as tokens came of it: revoking at Google
    // takes it away. A code on its way stays good.
    forgetConsent(accountId, clientId) {
        const isTheirs = (row) => row.accountId === accountId && row.clientId === clientId;
        const rows = [...this.#rows.values()].filter(isTheirs);
        const grants = new Set(
            rows.filter(({ kind }) => /Token$/.test(kind)).map(({ grantId }) => grantId),
        );
        return this.forget((row) => isTheirs(row) && grants.has(row.grantId ?? row.jti));
    }

    // The oldest of a person's living tokens of a model end where there are more than `most`.
    keepNewest(model, accountId, clientId, most) {
        const isTheirs = (row) =>
            row.kind === model && row.accountId === accountId && row.clientId === clientId;
        const theirs = [...this.#rows].filter(([, row]) => isTheirs(row)).map(([key]) => key);
        for (const key of theirs.slice(0, -most)) this.#rows.delete(key);
    }

    // One token ends in so many seconds.
    endAfter(model, id, seconds) {
        this.#rows.get(`${model}:${id}`).exp = Math.floor(Date.now() / 1000) + seconds;
    }

    expire(model) {
        return this.forget((row) => row.kind === model);
    }
}
