// What the demo says when it is up: lines to paste, with a token filled in.

export interface Tour {
  readonly url: string;
  readonly token: string;
  readonly packageId: string;
}

/** @returns the text: shell lines that list domains, read a key figure for 7-by-netværket, download a package and unpack it. */
export function tourText({ url, token, packageId }: Tour): string {
  return `
FLIS is up at ${url} (reference: ${url}/docs). Paste these lines; the token is Horsens' (615) and lasts 12 hours.

export FLIS=${url}
export TOKEN=${token}
export PACKAGE=${packageId}

# The domains, and a table's columns
curl -s $FLIS/v1/domains
curl -s -H 'Accept-Language: en' $FLIS/v1/tables/bor_befolkning

# Share aged 80+ in the seven towns of 7-by-netværket, and how Horsens compares
curl -s -H "Authorization: Bearer $TOKEN" "$FLIS/v1/key-figures/BO05/values?group=7-by&from=2025-12&to=2025-12"
curl -s -H "Authorization: Bearer $TOKEN" "$FLIS/v1/key-figures/BO05/benchmark?group=7-by&period=2025-12"

# A package: its manifest, one table, everything
curl -s -H "Authorization: Bearer $TOKEN" $FLIS/v1/packages/$PACKAGE
curl -s -o bor_befolkning.csv.gz -H "Authorization: Bearer $TOKEN" $FLIS/v1/packages/$PACKAGE/files/bor_befolkning.csv.gz
zcat bor_befolkning.csv.gz | head -3
curl -s -o borger.zip -H "Authorization: Bearer $TOKEN" $FLIS/v1/packages/$PACKAGE/archive.zip
unzip -o borger.zip -d borger

Ctrl-C ends everything; the next run starts from what is there.
`;
}
