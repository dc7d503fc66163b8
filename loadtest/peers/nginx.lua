-- The work of a peer in nginx: the voucher (RS256 by libcrypto, which nginx has loaded), the limit of its client, the query.
local cjson = require 'cjson.safe'
local ffi = require 'ffi'

ffi.cdef [[
typedef struct bio_st BIO;
typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_md_st EVP_MD;
typedef struct evp_md_ctx_st EVP_MD_CTX;
BIO *BIO_new_mem_buf(const void *buffer, int length);
int BIO_free(BIO *bio);
EVP_PKEY *PEM_read_bio_PUBKEY(BIO *bio, EVP_PKEY **key, void *callback, void *argument);
const EVP_MD *EVP_sha256(void);
EVP_MD_CTX *EVP_MD_CTX_new(void);
int EVP_MD_CTX_reset(EVP_MD_CTX *context);
int EVP_DigestVerifyInit(EVP_MD_CTX *context, void **key_context, const EVP_MD *digest, void *engine, EVP_PKEY *key);
int EVP_DigestVerify(EVP_MD_CTX *context, const char *signature, size_t signature_length, const char *text, size_t length);
]]
local crypto = ffi.C

local peer = {}
local settings, key, context

function peer.prepare (given)
  settings = given
  local file = assert(io.open(settings.pemFile))
  local pem = file:read('*a')
  file:close()
  local bio = crypto.BIO_new_mem_buf(pem, #pem)
  key = crypto.PEM_read_bio_PUBKEY(bio, nil, nil, nil)
  crypto.BIO_free(bio)
  assert(key ~= nil, 'the key cannot be read')
  context = crypto.EVP_MD_CTX_new()
end

local function decode (text)
  local padded = text:gsub('[-_]', { ['-'] = '+', ['_'] = '/' }) .. ('='):rep(-#text % 4)
  return ngx.decode_base64(padded)
end

local function is_signed (text, signature)
  crypto.EVP_MD_CTX_reset(context)
  return crypto.EVP_DigestVerifyInit(context, nil, crypto.EVP_sha256(), nil, key) == 1
    and crypto.EVP_DigestVerify(context, signature, #signature, text, #text) == 1
end

-- When the voucher expires and whose it is, or nothing.
local function verify (voucher)
  local head, payload, tail = voucher:match('^([%w_-]+)%.([%w_-]+)%.([%w_-]+)$')
  if not head then return nil end
  local header = cjson.decode(decode(head) or '')
  local signature = decode(tail)
  if type(header) ~= 'table' or header.alg ~= 'RS256' or not signature or not is_signed(head .. '.' .. payload, signature) then return nil end
  local claims = cjson.decode(decode(payload) or '')
  if type(claims) ~= 'table' or claims.iss ~= settings.issuer or claims.aud ~= settings.audience then return nil end
  if type(claims.exp) ~= 'number' or type(claims.client_id) ~= 'string' then return nil end
  return claims.exp, claims.client_id
end

-- The same, remembered in memory that processes share: the client's name, with the expiry as the number beside it.
local function recall (voucher)
  if not settings.cached then return verify(voucher) end
  local client, exp = ngx.shared.vouchers:get(voucher)
  if client then return exp, client end
  exp, client = verify(voucher)
  if exp then ngx.shared.vouchers:set(voucher, client, 0, exp) end
  return exp, client
end

-- What the contract lets a query of this operation hold.
local allowed = {
  channel = { infoline = true, scrivi = true, chatbot = true, total = true },
  measure = { tickets = true, change = true, ['change-percent'] = true, ['share-percent'] = true }
}

local function is_good (query)
  for name, value in pairs(query) do
    if not allowed[name] or not allowed[name][value] then return false end
  end
  return true
end

function peer.check ()
  local voucher = (ngx.var.http_authorization or ''):match('^Bearer (.+)$')
  if not voucher then return ngx.exit(401) end
  local exp, client = recall(voucher)
  if not exp or exp <= ngx.time() then return ngx.exit(401) end
  if not is_good(ngx.req.get_uri_args()) then return ngx.exit(400) end
  if ngx.shared.calls:incr(client, 1, 0, settings.windowSeconds) > settings.limit then return ngx.exit(429) end
end

return peer
