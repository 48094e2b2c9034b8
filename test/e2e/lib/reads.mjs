// SPDX-License-Identifier: Apache-2.0
// The commands that only read, as somebody tries them with a newer binary beside nodes that serve.
export const READS = [
    ['check'],
    ['status'],
    ['sources', 'uris'],
    ['provider', 'list'],
    ['provider', 'show', '1'],
    ['token', 'list', '--all'],
    ['account', 'list'],
    ['webhook', 'list'],
    ['sync', 'list'],
    ['push', 'list'],
    ['keys', 'list'],
    ['store', 'migrate', '--dry-run'],
];

// Those that show one thing, by its id.
export const showsOf = ({ account, webhook, setting }) => [
    ['account', 'show', String(account)],
    ['webhook', 'show', String(webhook)],
    ['webhook', 'deliveries', String(webhook)],
    ['sync', 'show', String(setting)],
];
