// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {Deployer} from "../../src/deployment/Deployer.sol";
import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {IERC721} from "./IERC721.sol";
import {ITestUSD} from "./ITestUSD.sol";
import {Vm} from "./Vm.sol";

/// @notice The whole deployment, from the artifacts that production deploys, by the Deployer as production does it.
abstract contract AgoraiTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address internal constant CREATE2_PROXY = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    bytes internal constant CREATE2_PROXY_CODE =
        hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";
    uint16 internal constant FEE_BPS = 100;
    uint256 internal constant GOVERNOR_DELAY = 2 days;
    bytes32 internal constant DIGEST = keccak256("a manifest");

    // Flags of terms; see IAssetRegistry.Terms.
    uint8 internal constant DERIVATIVES = 1;
    uint8 internal constant CONSENT = 2;
    uint8 internal constant ATTRIBUTION = 4;
    uint8 internal constant COMMERCIAL = 8;

    uint256 internal constant BUYER_KEY = 0xB0B;
    address internal treasury = makeAddress("treasury");
    address internal proposer = makeAddress("proposer");
    address internal guardian = makeAddress("guardian");
    address internal ada = makeAddress("ada, dataset owner");
    address internal boole = makeAddress("boole, model owner");
    address internal alpha = makeAddress("contributor alpha");
    address internal beta = makeAddress("contributor beta");
    address internal gamma = makeAddress("contributor gamma");
    address internal relayer = makeAddress("relayer");
    address internal buyer = vm.addr(BUYER_KEY);

    /// @dev The timelock: what it may do is done by `vm.prank(governor)`, the delay is tested in test/governance.
    address internal governor;
    IAssetRegistry internal registry;
    IRevenueLedger internal ledger;
    IAccessMarket internal market;
    ITestUSD internal token;

    function setUp() public virtual {
        vm.etch(CREATE2_PROXY, CREATE2_PROXY_CODE);
        token = ITestUSD(create2("TestUSD", ""));
        address[] memory deployed = deployAll(creationsOf(FEE_BPS));
        governor = deployed[0];
        registry = IAssetRegistry(deployed[1]);
        ledger = IRevenueLedger(deployed[2]);
        market = IAccessMarket(deployed[3]);
        vm.warp(1_800_000_000);
    }

    /* SETTING UP */

    function makeAddress(string memory name) internal returns (address account) {
        account = vm.addr(uint256(keccak256(bytes(name))));
        vm.label(account, name);
    }

    function codeOf(string memory name) internal view returns (bytes memory) {
        return vm.getCode(string.concat("contracts/out/", name, ".sol/", name, ".json"));
    }

    /// @dev At the address that the code and its arguments alone decide.
    function create2(string memory name, bytes memory arguments) internal returns (address account) {
        (bool success, bytes memory answer) = CREATE2_PROXY.call(abi.encodePacked(bytes32(0), codeOf(name), arguments));
        assertTrue(success && answer.length == 20, string.concat("deploys ", name));
        return address(bytes20(answer));
    }

    /// @dev Creation code with arguments, in the Deployer's order.
    function creationsOf(uint16 feeBps) internal view returns (bytes[] memory creations) {
        address[] memory proposers = new address[](1);
        address[] memory tokens = new address[](1);
        (proposers[0], tokens[0]) = (proposer, address(token));
        creations = new bytes[](4);
        creations[0] = abi.encodePacked(
            codeOf("TimelockController"), abi.encode(GOVERNOR_DELAY, proposers, proposers, address(0))
        );
        creations[1] = abi.encodePacked(codeOf("AssetRegistry"), abi.encode(feeBps));
        creations[2] = abi.encodePacked(codeOf("RevenueLedger"), abi.encode(treasury, tokens));
        creations[3] = abi.encodePacked(codeOf("AccessMarket"), abi.encode(guardian));
    }

    function hashesOf(bytes[] memory creations) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](creations.length);
        for (uint256 i; i < hashes.length; ++i) {
            hashes[i] = keccak256(creations[i]);
        }
    }

    function deployerOf(bytes[] memory creations) internal returns (Deployer) {
        return Deployer(create2("Deployer", abi.encode(keccak256(abi.encodePacked(hashesOf(creations))))));
    }

    function deployAll(bytes[] memory creations) internal returns (address[] memory deployed) {
        Deployer deployer = deployerOf(creations);
        deployed = new address[](creations.length);
        for (uint256 i; i < deployed.length; ++i) {
            deployed[i] = deployer.deploy(hashesOf(creations), creations[i]);
        }
    }

    /// @dev Others may build from it and sell what they build; nobody may sell its work.
    function publication(uint256[] memory parents, uint16 royaltyBps, bytes32 root, uint16 contributorBps)
        internal
        pure
        returns (IAssetRegistry.Publication memory stated)
    {
        stated.manifestDigest = DIGEST;
        stated.parents = parents;
        stated.terms = IAssetRegistry.Terms({royaltyBps: royaltyBps, serveBps: 0, flags: DERIVATIVES | COMMERCIAL});
        stated.contributors = IAssetRegistry.Contributors({root: root, bps: contributorBps});
        stated.feeBpsMax = 500;
    }

    /// @dev Publishes a model without contributors.
    function publishFrom(address owner, uint256[] memory parents, uint16 royaltyBps) internal returns (uint256) {
        return publishAs(owner, IAssetRegistry.Kind.Model, publication(parents, royaltyBps, 0, 0));
    }

    function publishAs(address owner, IAssetRegistry.Kind kind, IAssetRegistry.Publication memory stated)
        internal
        returns (uint256)
    {
        vm.prank(owner);
        return registry.publish(kind, stated);
    }

    /// @dev Publishes a model whose work others may sell for `serveBps` of their sales.
    function publishServed(address owner, uint16 royaltyBps, uint16 serveBps) internal returns (uint256) {
        IAssetRegistry.Publication memory stated = publication(list(), royaltyBps, 0, 0);
        stated.terms.serveBps = serveBps;
        return publishAs(owner, IAssetRegistry.Kind.Model, stated);
    }

    /// @dev Publishes a service that sells the work of `suppliers`, and that others may sell in turn.
    function publishService(address owner, uint256[] memory suppliers, uint16 royaltyBps, uint16 serveBps)
        internal
        returns (uint256)
    {
        IAssetRegistry.Publication memory stated = publication(list(), royaltyBps, 0, 0);
        stated.suppliers = suppliers;
        stated.terms.serveBps = serveBps;
        return publishAs(owner, IAssetRegistry.Kind.Service, stated);
    }

    function fund(address account, uint256 amount) internal {
        token.mint(account, amount);
        vm.prank(account);
        token.approve(address(ledger), type(uint256).max);
    }

    function payAs(address payer, uint256 version, uint256 amount) internal {
        fund(payer, amount);
        vm.prank(payer);
        ledger.pay(version, address(token), amount);
    }

    function pull(uint256 version) internal {
        ledger.pullMany(address(token), list(version));
    }

    function collect(uint256 version) internal {
        ledger.collectMany(address(token), list(version));
    }

    function asset721() internal view returns (IERC721) {
        return IERC721(address(registry));
    }

    function list() internal pure returns (uint256[] memory) {
        return new uint256[](0);
    }

    function list(uint256 a) internal pure returns (uint256[] memory items) {
        items = new uint256[](1);
        items[0] = a;
    }

    function list(uint256 a, uint256 b) internal pure returns (uint256[] memory items) {
        items = new uint256[](2);
        (items[0], items[1]) = (a, b);
    }

    function list(uint256 a, uint256 b, uint256 c) internal pure returns (uint256[] memory items) {
        items = new uint256[](3);
        (items[0], items[1], items[2]) = (a, b, c);
    }

    /* SIGNING */

    struct Signed {
        bytes32 r;
        bytes32 s;
        uint8 v;
    }

    bytes32 internal constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    function domainOf(string memory name, address verifyingContract) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                block.chainid,
                verifyingContract
            )
        );
    }

    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", domainOf("Test USD (no value)", address(token)), structHash));
    }

    /// @dev Signs what the registry or the market is to read.
    function signFor(uint256 key, address verifyingContract, bytes32 structHash) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked("\x19\x01", domainOf("Agorai", verifyingContract), structHash)));
        return abi.encodePacked(r, s, v);
    }

    function signReceive(uint256 key, address to, uint256 amount, uint256 validBefore, bytes32 nonce)
        internal
        view
        returns (Signed memory signed)
    {
        bytes32 structHash =
            keccak256(abi.encode(RECEIVE_TYPEHASH, vm.addr(key), to, amount, uint256(0), validBefore, nonce));
        (signed.v, signed.r, signed.s) = vm.sign(key, digestOf(structHash));
    }

    function authorize(uint256 key, uint256 amount, bytes32 nonce)
        internal
        view
        returns (IRevenueLedger.Authorization memory)
    {
        uint256 validBefore = block.timestamp + 1 hours;
        Signed memory signed = signReceive(key, address(ledger), amount, validBefore, nonce);
        return IRevenueLedger.Authorization({
            from: vm.addr(key),
            amount: amount,
            validAfter: 0,
            validBefore: validBefore,
            signature: abi.encodePacked(signed.r, signed.s, signed.v)
        });
    }

    /* SAYING WHAT MUST BE */

    /// @dev Forge is asked to fail, and not whether to: campaigns assert by the million.
    function assertEq(uint256 actual, uint256 expected, string memory what) internal pure {
        if (actual != expected) vm.assertEq(actual, expected, what);
    }

    function assertEq(address actual, address expected, string memory what) internal pure {
        assertEq(uint160(actual), uint160(expected), what);
    }

    function assertTrue(bool condition, string memory what) internal pure {
        assertEq(condition ? 1 : 0, 1, what);
    }

    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + value % (high - low + 1);
    }
}
