/* SPDX-License-Identifier: ISC */
/* file: tests/unit/poly_edges.h */
#ifndef POLY_EDGES_H
#define POLY_EDGES_H

#include <stdint.h>

/*
 * Ciphertexts whose Poly1305 sum, before the last addition, is a number at
 * which a carry or the last reduction goes wrong first: near 0, 2^26, 2^64,
 * 2^128 and p = 2^130 - 5.  The key is 00 01 .. 1f; of so many blocks all but
 * the last two are filled with one octet.  The last two were solved for and
 * the tag was computed from the definition with integers of any size.
 */
struct poly_edge {
	uint64_t counter;
	uint8_t fill;
	int blocks; /* of 16 octets */
	const char *end, *tag;
};

/* clang-format off */
static const struct poly_edge poly_edges[] = {
	{1, 0xff, 2,
	    "39f3c3e693114351dcbed407e3e6b60528de98ae63ad7d56c22e29026e11016f",
	    "71c65f21ef9eee784c3f2d89061ae895"}, /* 0 */
	{2, 0xff, 2,
	    "b99e8306dda748a61e029a8a3f415b020a743f579209363cb72597d8eb2d28bc",
	    "aa3cc77ac646cbca744fdf1876ad1a39"}, /* 1 */
	{3, 0xff, 2,
	    "9e826bd6f0a890ea47ca738eb48c14ecd08475710b913ee716fea3d92fa98c3d",
	    "e1290f2c1a7949eae13700d6931a6ed5"}, /* 2 */
	{4, 0xff, 2,
	    "a833b3b84e0f27f9f7a910b6b66834805d32167a0692935a17f161f192905481",
	    "18b51ab0897a3e01b2535640ace79013"}, /* p-1 */
	{5, 0xff, 2,
	    "c5475a81bcd2b26419dac896481471da33d0423cacdb59bb503dbd2aa3c39213",
	    "d8ee3cf268a5659a87517eb08a161e04"}, /* p-2 */
	{6, 0xff, 2,
	    "57afd608bc27f07ae334243ecc2165be1acf57bc9833c5e9ae29f96d52710ba8",
	    "01e7a574001dc48a8bc7a91acfeafb7b"}, /* 2^128-1 */
	{7, 0xff, 2,
	    "fc8d5c7d438a96bb86399207685d257833bed06ccf9cabbf64a9a8454752b138",
	    "147f999fdb769ab661f0eb73b36ce7c8"}, /* 2^128 */
	{8, 0xff, 2,
	    "3d0141c5318113336b5e248acec88aebc9db9c1a9d5c0aa2ab0187fe302b9269",
	    "4a06f5d7dbeb1dc0927b9b2b889d9e2b"}, /* 2^128+1 */
	{9, 0xff, 2,
	    "1ba19dc8870461db595d0bd237b363f400d16ea34a8a2a987d5a3ce8ae05ca32",
	    "ebb4cd71456ef42e0e535d12b993e15d"}, /* 2^129 */
	{10, 0xff, 2,
	    "37aadce2a7dc3ef0b7a191bd18323383fc904fc3224b3f4faa10745f1044aa50",
	    "ec42bedcedd572e603cee6bc78fc87a2"}, /* 2^130-2^128 */
	{11, 0xff, 2,
	    "2c26b58f90ae9a345b47146d57cd20f3b73c85f446cb99eb936375247c2894a0",
	    "baee7827c10d1f5611d5aa62b2b49f22"}, /* 2^64-1 */
	{12, 0xff, 2,
	    "ba185e0e0b7d297b4cfcb8de6c575f5d1c1c9c85f07c58e62964b185ef347448",
	    "dca65f6fee1d397e0b6a6224b1fd258b"}, /* 2^26-1 limbs */
	{13, 0xff, 4,
	    "56d645048ebaf773db33ba0340aa0fc1e831e292b857bd956e67c18ff10404e8",
	    "3c31159556215bbdbd85781a7f8a89c9"}, /* 0 */
	{14, 0xff, 4,
	    "4e72071c3e0c1bcc8f07f39fe59c422f5ee8c376a90433a9abf23f134dcfe6f3",
	    "5e1abb8f474cfc23e6f10d2922c1dfe2"}, /* 1 */
	{15, 0xff, 4,
	    "128c0b2b0aa41aa87db8dd45639ef0a51410d5929a81e224f5cf14a1aefd8ffd",
	    "c01e9d5bbdae54209b702680453f331e"}, /* p-1 */
	{16, 0xff, 4,
	    "23b56e525e351a7fab0e49793f993b1d3db30a88ea9a86cfcae557464cc2ec47",
	    "46bf2e31c647008391c0d8a5b6a9fa5d"}, /* 2^128-1 */
	{17, 0xff, 9,
	    "8553c16be0f5d3cb0c58233021de2742d018b6703ccec1d87a16af1282e64cbe",
	    "30715b55a72fe3c4ef2caaa9cf5514b9"}, /* 0 */
	{18, 0xff, 9,
	    "eaf5968218850bfaa7fc8635b82b2ff755d1b3455dbb0996c220d5335b3c5130",
	    "6bd81aa336f3e908306672fe24815039"}, /* 1 */
	{19, 0xff, 9,
	    "16ca0b9b48fa806ee48229d1a5debdf924d06ae1b65ac56b223c4d0c1047c09f",
	    "f53fcc8a3257bfd2fd8b7bec857fba20"}, /* p-1 */
	{20, 0xff, 9,
	    "c05b2339ec021e86578404a624f9db07abdc7cfe0ec922a0f2a2399446e126fa",
	    "6eacc6f2d47e56f560e212f4b9ec3410"}, /* 2^128-1 */
	{21, 0xff, 64,
	    "f482c8f73f434e363d0323e0030a250c212a96fa92e9bd12ce0ed6eef0ddd0cc",
	    "f3a8228e7dfea06398aa18a6006adb45"}, /* 0 */
	{22, 0xff, 64,
	    "94fd734f0e11cceafe3475f0c0d9414c97abe2472f9c506614d52539631b7ae9",
	    "252b577fe919628bd323ec0874a33a9a"}, /* 1 */
	{23, 0xff, 64,
	    "e96f6cbe90478028ef438a6a97f49f90957f85f8ae72cf4d20d9119f0e1dd928",
	    "8971d77c100901ca608abf2023179b15"}, /* 2 */
	{24, 0xff, 64,
	    "5ce8fd91d86dfa75468be82bcc1df2d383c1e90df172be2bd51d7b4001774b33",
	    "9053f36ed915bef7bfd50df37f6a320b"}, /* p-1 */
	{25, 0xff, 64,
	    "451a6b332d8787db93d0e6533ecfa6cf12b1749dd453c2ec59a0c5935a2c113d",
	    "d66d436dcd2be8ec9c6220aa818354e4"}, /* p-2 */
	{26, 0xff, 64,
	    "9d9aad152b670d224313712b0b30a32aa40bdb6a6dbc7cd1f6b1cc7ef711ad00",
	    "0c7c65fe1093bdaf82174e68045d9aee"}, /* 2^128-1 */
	{27, 0xff, 64,
	    "357055c2dd400d552449a7994de88181d9c26fc5a9873eeb6888913ba0044989",
	    "b9d02817f87940306f6c123af0cb7313"}, /* 2^128 */
	{28, 0xff, 64,
	    "807054d700c45a416c533c5e39fabe563d78fdad715fd903410482c6542c2eb6",
	    "4f52ef4777afefbc3108d2a77ade80b5"}, /* 2^128+1 */
	{29, 0xff, 64,
	    "eeee1c578865291dd8158d4a2e61353c9f3ddadbd3625947ec63fdbcde9fc0ae",
	    "244e5f7c2cd112ddb84fb4cc74449d0a"}, /* 2^129 */
	{30, 0xff, 64,
	    "efffc1c91a50b725aff718d470210120db366d5c02eae436625946921587950c",
	    "6724b9cb065e3880400268f7315c064a"}, /* 2^130-2^128 */
	{31, 0xff, 64,
	    "329de8d35c7bb54b28732b0345ee199d10eb994c2c15ec8779b0092d4aaf1675",
	    "8d9c1ec31b376089fa053ea16f45ef18"}, /* 2^64-1 */
	{32, 0xff, 64,
	    "19d2c2e894647fd12321454ba380da8cca998a13eeb76c67ce8bffba363e192c",
	    "d21f08a14267e616040b9450cdd07881"}, /* 2^26-1 limbs */
	{33, 0xff, 89,
	    "b82c335015b60766eb751e10abe26e102492ab2b532f347b6f53352da005bcfe",
	    "e85eb11e33ac0617a811f64f7e5840b9"}, /* 0 */
	{34, 0xff, 89,
	    "2b0fd4e9a6d13d51d9ae45f88d6cf8999dfb75c0da20daaf2510b61b2850a91d",
	    "8e0ce015ee20adc362d55025dd548c39"}, /* 1 */
	{35, 0xff, 89,
	    "2d31defa9f4c26e4ee5bfc8acdf01bdec368494b0ad848407a62dece8df716d2",
	    "0aa62fdd826819827a384c82ac596d5f"}, /* 2 */
	{36, 0xff, 89,
	    "be75534297afe72e3572a68aaecc343568c819a2d2ebcd709f1d40659f6950de",
	    "accea2d8ff7779cd325123b606890fee"}, /* p-1 */
	{37, 0xff, 89,
	    "195b467ef08705782990d6dc7af7eedb1335a4d2b2b22d9e8c3b768bfbec1e52",
	    "66d83b26522bb04689938f87c6aceffc"}, /* p-2 */
	{38, 0xff, 89,
	    "d3565c1bd24196b57efbac835b30aed551e878082c1052cc9bfb28ea9d1e4445",
	    "45997fa06b0b3a3d4ef27a28e092ba79"}, /* 2^128-1 */
	{39, 0xff, 89,
	    "7560cde4edf2ec34cf2e4524346da58b382a05b5362c4521d298cbe0009d3720",
	    "1b94c3865176429e45e7c5480222864a"}, /* 2^128 */
	{40, 0xff, 89,
	    "3b5439d75f8d87f1faf805bf5fcba7fc3e992e23a473921b92e45b0d039cde5f",
	    "6c75dbb8eaea4c461edae2c03f5e6940"}, /* 2^128+1 */
	{41, 0xff, 89,
	    "d192dd5a43817f947696662302a7f2973d46ab5169c43cfe54cb924931c10adc",
	    "1cb2209433583f427fed27d2aab7c1e6"}, /* 2^129 */
	{42, 0xff, 89,
	    "97740820e1757423333a5542141db4fb57eea6d45f5dcdc39710c04ae2835ae5",
	    "85717766a80479cbac79dddb931cb3cf"}, /* 2^130-2^128 */
	{43, 0xff, 89,
	    "dc694bb1c15eb04c6b7b57d9adb3648deb3cb08514efec0ada66af1150bfabb4",
	    "16877e90b4a71b21520e1172a51e952d"}, /* 2^64-1 */
	{44, 0xff, 89,
	    "ff501559624b4c6265b2da83fc6470d83b10abe99af4baaeb9495109609b6813",
	    "56b4e000b229ec78f114dc4aef782d37"}, /* 2^26-1 limbs */
	{45, 0x00, 4,
	    "6ce26b0ad7433086a04d31fb5f9224172c43871143533393dbc0c22cfe5328b8",
	    "4689a756b67ca130420a4a988f44be5d"}, /* 0 */
	{46, 0x00, 4,
	    "7a5eef710e32d9d9bf6f9fec288ab13d1323a0224f406d85721b3c2021804280",
	    "b09d149659ea7a85dcf760ae82d97838"}, /* 1 */
	{47, 0x00, 4,
	    "a81ac6996bccb788da5f81681da0c7e81259fc7555849d50ceeba5aff917dde1",
	    "1c01f999a70636adcb5e7c335c716ab0"}, /* p-1 */
	{48, 0x00, 4,
	    "05bb060134b9b5f5e2449930d2ce4287c073f6d28a29dc942c79ce91f034b4de",
	    "6c886cc7ce934d58d8f5df1453eeb6ab"}, /* 2^128-1 */
	{49, 0x00, 64,
	    "5d57d8d5355da942751ee434950b402c263f5f906d3c9a77aa15a5b3e5f0d7b0",
	    "bbd50f1fd0c740ebf2a8edf1806f600d"}, /* 0 */
	{50, 0x00, 64,
	    "caeb84caee4b7adc21fd03cfb220e7dacd37cdfbb27fbf87fad159a0a7d0867e",
	    "d71fc7dc9aed0f983fdca6b120227ac8"}, /* 1 */
	{51, 0x00, 64,
	    "cce73ef970b5002bd4d39d8b426e615b45657df1a3ca53b77ab2802de7ba7bb0",
	    "4893bd450033b811f1b2a5c4a809d368"}, /* 2 */
	{52, 0x00, 64,
	    "8eef391eeb34be9145c64cbf971f6203d0f996da348b1abafb14bea752575a3d",
	    "5b60f10e31b417b78717fb4f12df58ed"}, /* p-1 */
	{53, 0x00, 64,
	    "d751074e83420f8a3b423f6646a2e0568dfeaa7c32460eabae8d8fe4558a4f3c",
	    "01aa1aa759eac89320996f5f18256d11"}, /* p-2 */
	{54, 0x00, 64,
	    "fa6878c8c3922bbb9c25f4ae94414892ae344b9860d060509c2b66035f5c49d2",
	    "39a422803e675e3609c902dd6c88f392"}, /* 2^128-1 */
	{55, 0x00, 64,
	    "a01ca0be2f174eb61ecfd2fcad6dd2fc9d456672e89da348436e2ec81519214b",
	    "c04ab41653934de83fd2969987fa298b"}, /* 2^128 */
	{56, 0x00, 64,
	    "9899be67b6c3045683927adc0ace229fa424182f15253979f443c607c1502d8e",
	    "cdab6418365f8a06bf65f870290f98a5"}, /* 2^128+1 */
	{57, 0x00, 64,
	    "0160dde5aec0adf72f9eafbfb3c857110f17a4a3240f2befa682cfa0ad5e769c",
	    "01e1d014d42758b4da70e6cfb6d888a7"}, /* 2^129 */
	{58, 0x00, 64,
	    "838f7559ca13a4e966babb435a375dcc594b44d37c2ccec7087902af9dc567ea",
	    "735d5217cc2ef22429ab42c7221c077f"}, /* 2^130-2^128 */
	{59, 0x00, 64,
	    "e4cc40b56c774069faaabadf0b495eafead91b280909651f93308ba8ee8bcef2",
	    "448e555b10c702eda455f16dfc767292"}, /* 2^64-1 */
	{60, 0x00, 64,
	    "a88dd2e28c727d5556b8e1443ec48c1140d6c647d04ab3e7757c341db03f05ee",
	    "2a3b90a5c825387f0dd888c54a0a91df"}, /* 2^26-1 limbs */
};
/* clang-format on */
#define NEDGES ((int)(sizeof(poly_edges) / sizeof(poly_edges[0])))

#endif
