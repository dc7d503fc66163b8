import { literal } from './snippet-target.ts'
import type { Platform, Sandbox, Target } from './snippet-target.ts'

const send = `  static String send(HttpRequest.Builder request) throws Exception {
    HttpResponse<String> answer = HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 400) throw new IllegalStateException(answer.body());
    return answer.body();
  }
`

function call ({ url, accept }: Target): string {
  return `    Matcher voucher = Pattern.compile("\\"access_token\\"\\\\s*:\\\\s*\\"([^\\"]+)\\"").matcher(granted);
    if (!voucher.find()) throw new IllegalStateException(granted);

    System.out.println(send(HttpRequest.newBuilder(URI.create(${literal(url)}))
${accept === undefined ? '' : `        .header("Accept", ${literal(accept)})\n`}        .header("Authorization", "Bearer " + voucher.group(1))));
`
}

/** The call in Java (11 or later, one file), with a voucher of the sandbox. */
export function javaOnSandbox (target: Target, { url, client, purpose }: Sandbox): string {
  return `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Main {
  public static void main(String[] args) throws Exception {
    String wanted = ${literal(JSON.stringify({ client, purpose }))};
    String granted = send(HttpRequest.newBuilder(URI.create(${literal(url)}))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(wanted)));
${call(target)}  }

${send}}
`
}

/** The call in Java (11 or later, one file), with a voucher of the platform; the key is PKCS #8 in PEM. */
export function javaOnPlatform (target: Target, { tokenUrl, audience }: Platform): string {
  return `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Main {
  public static void main(String[] args) throws Exception {
    String clientId = System.getenv("CLIENT_ID");
    String pem = Files.readString(Path.of(System.getenv("KEY_FILE"))).replaceAll("-----[A-Z ]+-----|\\\\s", "");
    long now = System.currentTimeMillis() / 1000;
    String header = String.format("{\\"alg\\":\\"RS256\\",\\"typ\\":\\"JWT\\",\\"kid\\":\\"%s\\"}", System.getenv("KID"));
    String claims = String.format("{\\"iss\\":\\"%1$s\\",\\"sub\\":\\"%1$s\\",\\"aud\\":\\"%2$s\\",\\"purposeId\\":\\"%3$s\\",\\"jti\\":\\"%4$s\\",\\"iat\\":%5$d,\\"exp\\":%6$d}",
        clientId, ${literal(audience)}, System.getenv("PURPOSE_ID"), UUID.randomUUID(), now, now + 60);
    String signed = encode(header.getBytes(StandardCharsets.UTF_8)) + "." + encode(claims.getBytes(StandardCharsets.UTF_8));
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem))));
    signature.update(signed.getBytes(StandardCharsets.UTF_8));

    String form = "grant_type=client_credentials&client_id=" + clientId
        + "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        + "&client_assertion=" + signed + "." + encode(signature.sign());
    String granted = send(HttpRequest.newBuilder(URI.create(${literal(tokenUrl)}))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(form)));
${call(target)}  }

  static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

${send}}
`
}
