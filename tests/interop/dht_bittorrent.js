// SPDX-License-Identifier: ISC
/*
 * A DHT node of npm's bittorrent-dht, spoken to as tests/tools/dhtnode is: a
 * command a line on stdin, one line for each on stdout.
 *
 * usage: node dht_bittorrent.js ADDR PORT [BOOTSTRAP-ADDR:PORT ...]
 *
 *	get KHEX SALTHEX|-                     item SEQ VHEX SIGHEX | none
 *	gethash HEX                            item - VHEX | none
 *	put SEEDHEX SALTHEX|- SEQ VHEX [CAS]   stored COPIES | failed CODE TEXT
 *	puthash VHEX                           stored COPIES HASHHEX
 *	nodes                                  nodes N ADDR:PORT ...
 *	peers HEX                              peers N ADDR:PORT ...
 *	quit
 *
 * v is bencoded.  The module is looked for in MESH_NPM (a directory with
 * node_modules).
 */
'use strict'
const crypto = require('crypto')
const path = require('path')
const readline = require('readline')
const { pathToFileURL } = require('url')

// DER around the 32 octets of an Ed25519 key (RFC 8410)
const PRIV_DER = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUB_DER = Buffer.from('302a300506032b6570032100', 'hex')

function privKey (seed) {
  return crypto.createPrivateKey({
    key: Buffer.concat([PRIV_DER, seed]), format: 'der', type: 'pkcs8'
  })
}

function pubOf (seed) {
  const der = crypto.createPublicKey(privKey(seed))
    .export({ format: 'der', type: 'spki' })
  return Buffer.from(der).subarray(PUB_DER.length)
}

function verify (sig, message, pub) {
  try {
    const key = crypto.createPublicKey({
      key: Buffer.concat([PUB_DER, pub]), format: 'der', type: 'spki'
    })
    return crypto.verify(null, message, key, sig)
  } catch (e) {
    return false
  }
}

const unhex = s => Buffer.from(s === '-' ? '' : s, 'hex')
const sha1 = b => crypto.createHash('sha1').update(b).digest()

async function main () {
  const [addr, port, ...bootstrap] = process.argv.slice(2)
  const modules = path.join(process.env.MESH_NPM || 'build/npm', 'node_modules')
  const load = async name =>
    import(pathToFileURL(path.resolve(modules, name, 'index.js')))
  const DHT = (await load('bittorrent-dht')).default
  const bencode = (await import(pathToFileURL(path.resolve(modules,
    'bencode', 'index.js')))).default
  if (!port) {
    console.error('usage: dht_bittorrent.js ADDR PORT [ADDR:PORT ...]')
    process.exit(2)
  }
  const dht = new DHT({ bootstrap: bootstrap.length ? bootstrap : false,
    verify, host: addr })

  dht.on('error', e => console.error('error', e.message))
  dht.listen(Number(port), addr)

  const item = (r, mutable) => {
    if (!r || r.v === undefined) return 'none'
    const v = Buffer.from(bencode.encode(r.v)).toString('hex')
    if (!mutable) return `item - ${v}`
    return `item ${r.seq} ${v} ${Buffer.from(r.sig).toString('hex')}`
  }
  const fail = e => `failed ${e.code || 0} ${e.message}`
  const verbs = {
    get: ([k, salt], done) => {
      const s = unhex(salt)
      // not from what it put itself: the others are asked
      const opts = { cache: false }
      if (s.length) opts.salt = s
      dht.get(sha1(Buffer.concat([unhex(k), s])), opts,
        (e, r) => done(e ? fail(e) : item(r, true)))
    },
    gethash: ([hash], done) => {
      dht.get(unhex(hash), { cache: false },
        (e, r) => done(e ? fail(e) : item(r, false)))
    },
    put: ([seed, salt, seq, v, cas], done) => {
      const key = privKey(unhex(seed))
      const opts = {
        k: pubOf(unhex(seed)),
        seq: Number(seq),
        v: bencode.decode(unhex(v)),
        sign: buf => crypto.sign(null, buf, key)
      }
      if (salt !== '-') opts.salt = unhex(salt)
      if (cas !== undefined) opts.cas = Number(cas)
      dht.put(opts, (e, hash, n) => done(e ? fail(e) : `stored ${n}`))
    },
    puthash: ([v], done) => {
      dht.put({ v: bencode.decode(unhex(v)) }, (e, hash, n) => done(e ? fail(e)
        : `stored ${n} ${Buffer.from(hash).toString('hex')}`))
    },
    peers: ([hash], done) => {
      const seen = new Set()
      const on = (peer, h) => {
        if (Buffer.from(h).equals(unhex(hash))) {
          seen.add(`${peer.host}:${peer.port}`)
        }
      }
      dht.on('peer', on)
      dht.lookup(unhex(hash), () => {
        dht.removeListener('peer', on)
        done(['peers', seen.size, ...seen].join(' '))
      })
    },
    nodes: (args, done) => {
      const all = dht.nodes.toArray().map(n => `${n.host}:${n.port}`)
      done(['nodes', all.length, ...all].join(' '))
    },
    quit: () => process.exit(0)
  }
  const rl = readline.createInterface({ input: process.stdin })
  for await (const line of rl) {
    const [verb, ...args] = line.trim().split(/\s+/)
    await new Promise(resolve => {
      const done = text => { console.log(text); resolve() }
      try {
        if (verbs[verb]) verbs[verb](args, done)
        else done(`error unknown command ${verb}`)
      } catch (e) {
        done(`error ${e.message}`)
      }
    })
  }
  process.exit(0)
}

main().catch(e => { console.error(e.message); process.exit(1) })
