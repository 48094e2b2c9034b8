// SPDX-License-Identifier: Apache-2.0

// The peer in Go: net/http and golang.org/x/oauth2, state sealed with AES-256-GCM. Nothing is logged, nothing is stored.
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

type config struct {
	Port           int
	TokenHash      string `json:"token_hash"`
	Provider       int64
	Pattern        string
	ClientID       string `json:"client_id"`
	ClientSecret   string `json:"client_secret"`
	AuthorizeURL   string `json:"authorize_url"`
	Callback       string
	Scopes         string
	TimeoutSeconds int `json:"timeout_seconds"`
	Key            string
}

type token struct {
	id        int64
	providers []int64
}

type provider struct {
	features map[string]bool
	patterns []string
}

type wish struct {
	Source   string `json:"calendar_source"`
	Redirect string `json:"redirect_uri"`
}

type flow struct {
	Token    int64  `json:"t"`
	Provider int64  `json:"p"`
	Source   string `json:"s"`
	Redirect string `json:"r"`
	Verifier string `json:"v"`
	Nonce    string `json:"n"`
	Expires  int64  `json:"e"`
}

type answer struct {
	URI            string `json:"uri"`
	TimeoutSeconds int    `json:"timeout_seconds"`
}

type refusal struct {
	status      int
	code, field string
}

type server struct {
	config
	tokens    map[[32]byte]token
	providers map[int64]provider
	sources   map[string]*oauth2.Config
	aead      cipher.AEAD
}

var b64 = base64.RawURLEncoding

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func random(n int) []byte {
	bytes := make([]byte, n)
	_, err := rand.Read(bytes)
	must(err)
	return bytes
}

func newServer(c config) *server {
	s := &server{config: c}
	var hash [32]byte
	key, err := hex.DecodeString(c.Key)
	must(err)
	_, err = hex.Decode(hash[:], []byte(c.TokenHash))
	must(err)
	block, err := aes.NewCipher(key)
	must(err)
	s.aead, err = cipher.NewGCM(block)
	must(err)
	s.tokens = map[[32]byte]token{hash: {1, []int64{c.Provider}}}
	s.providers = map[int64]provider{c.Provider: {map[string]bool{"external_calendars": true}, []string{c.Pattern}}}
	s.sources = map[string]*oauth2.Config{"GOOG": {
		ClientID: c.ClientID, ClientSecret: c.ClientSecret, RedirectURL: c.Callback,
		Scopes: strings.Fields(c.Scopes), Endpoint: oauth2.Endpoint{AuthURL: c.AuthorizeURL},
	}}
	return s
}

func (s *server) identify(h http.Header) (int64, int64, []string, *refusal) {
	scheme, text, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Token") || text == "" {
		return 0, 0, nil, &refusal{401, "not_authenticated", ""}
	}
	t, known := s.tokens[sha256.Sum256([]byte(text))]
	if !known {
		return 0, 0, nil, &refusal{401, "authentication_failed", ""}
	}
	id := t.providers[0]
	if named := h.Get("TeamUp-Provider-ID"); named != "" {
		id, _ = strconv.ParseInt(named, 10, 64)
	}
	for _, allowed := range t.providers {
		if allowed == id {
			if !s.providers[id].features["external_calendars"] {
				return 0, 0, nil, &refusal{403, "feature_not_enabled", ""}
			}
			return t.id, id, s.providers[id].patterns, nil
		}
	}
	return 0, 0, nil, &refusal{403, "provider_invalid", ""}
}

func redirectFits(text string, patterns []string) bool {
	u, err := url.Parse(text)
	if err != nil || len(text) > 512 || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	query := u.Query()
	for _, name := range []string{"success", "error", "account"} {
		if query.Has(name) {
			return false
		}
	}
	for _, pattern := range patterns {
		if strings.HasPrefix(text, pattern) {
			return true
		}
	}
	return false
}

func (s *server) seal(f flow) string {
	plain, err := json.Marshal(f)
	must(err)
	nonce := random(s.aead.NonceSize())
	return b64.EncodeToString(s.aead.Seal(nonce, nonce, plain, nil))
}

func (s *server) start(r *http.Request) (*answer, *refusal) {
	token, provider, patterns, refused := s.identify(r.Header)
	if refused != nil {
		return nil, refused
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 65537))
	var w wish
	if err != nil || len(body) > 65536 || json.Unmarshal(body, &w) != nil {
		return nil, &refusal{400, "parse_error", ""}
	}
	source, known := s.sources[w.Source]
	if !known {
		return nil, &refusal{400, "parameter_invalid", "calendar_source"}
	}
	if !redirectFits(w.Redirect, patterns) {
		return nil, &refusal{400, "parameter_invalid", "redirect_uri"}
	}
	verifier, nonce := b64.EncodeToString(random(32)), b64.EncodeToString(random(32))
	challenge := sha256.Sum256([]byte(verifier))
	expires := time.Now().Unix() + int64(s.TimeoutSeconds)
	state := s.seal(flow{token, provider, w.Source, w.Redirect, verifier, nonce, expires})
	uri := source.AuthCodeURL(state, oauth2.AccessTypeOffline,
		oauth2.SetAuthURLParam("nonce", nonce),
		oauth2.SetAuthURLParam("code_challenge", b64.EncodeToString(challenge[:])),
		oauth2.SetAuthURLParam("code_challenge_method", "S256"),
		oauth2.SetAuthURLParam("prompt", "select_account consent"))
	return &answer{uri, s.TimeoutSeconds}, nil
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	done, refused := s.start(r)
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Request-Id", b64.EncodeToString(random(12)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept, Authorization")
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	if refused == nil {
		must(out.Encode(done))
		return
	}
	w.WriteHeader(refused.status)
	fields := map[string][]string{}
	if refused.field != "" {
		fields[refused.field] = []string{refused.code}
	}
	must(out.Encode(map[string]any{
		"code": refused.code, "field_errors": fields, "message": refused.code, "type": "invalid_request_error"}))
}

func main() {
	var c config
	must(json.Unmarshal([]byte(os.Getenv("BENCH")), &c))
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v2/external_calendars/accounts/oauth2/initiate", newServer(c).serve)
	must(http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", c.Port), mux))
}
