// SPDX-License-Identifier: Apache-2.0
// Bytes on a socket, for what no HTTP client would send.
import net from 'node:net';

const PATIENCE_MS = 20000;

// Sends `pieces` one after the other and reads until the other side closes, or until `enough`
// of the text so far says so → {text, isClosed}
export function talk(port, pieces, { enough = () => false, pause = 0 } = {}) {
    return new Promise((resolve, reject) => {
        let text = '';
        const socket = net.connect(port, '127.0.0.1');
        const timer = setTimeout(() => reject(new Error(`no end after: ${text}`)), PATIENCE_MS);
        const end = (isClosed) => {
            clearTimeout(timer);
            socket.destroy();
            resolve({ text, isClosed });
        };
        socket.setNoDelay(true);
        socket.on('data', (bytes) => {
            text += bytes.toString('latin1');
            if (enough(text)) end(false);
        });
        socket.on('end', () => end(true));
        socket.on('error', (error) => (text ? end(true) : reject(error)));
        socket.on('connect', async () => {
            for (const piece of [pieces].flat()) {
                if (!socket.writable) return;
                socket.write(piece, 'latin1');
                if (pause) await new Promise((next) => setTimeout(next, pause));
            }
        });
    });
}

// The answers in a stream of bytes: [{status, headers, text}]
export function parseAnswers(stream) {
    const answers = [];
    let rest = stream;
    while (rest) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) throw new Error(`no whole head in ${rest}`);
        const [first, ...lines] = rest.slice(0, end).split('\r\n');
        const headers = Object.fromEntries(
            lines.map((line) => {
                const colon = line.indexOf(':');
                return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
            }),
        );
        const length = Number(headers['content-length'] ?? 0);
        const text = rest.slice(end + 4, end + 4 + length);
        answers.push({ status: Number(first.split(' ')[1]), headers, text });
        rest = rest.slice(end + 4 + length);
    }
    return answers;
}
