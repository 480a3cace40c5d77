// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {IERC721} from "./IERC721.sol";
import {ITestUSD} from "./ITestUSD.sol";
import {Vm} from "./Vm.sol";

/// @notice The whole deployment, from the artifacts that production deploys, at the addresses it has there.
abstract contract AgoraiTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address internal constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    bytes internal constant DEPLOYER_CODE =
        hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";
    uint16 internal constant FEE_BPS = 100;
    uint256 internal constant FEE_INDEX = 16;
    bytes32 internal constant DIGEST = keccak256("a manifest");

    uint256 internal constant BUYER_KEY = 0xB0B;
    address internal treasury = makeAddress("treasury");
    address internal governor = makeAddress("governor");
    address internal ada = makeAddress("ada, dataset owner");
    address internal boole = makeAddress("boole, model owner");
    address internal alpha = makeAddress("contributor alpha");
    address internal beta = makeAddress("contributor beta");
    address internal gamma = makeAddress("contributor gamma");
    address internal relayer = makeAddress("relayer");
    address internal buyer = vm.addr(BUYER_KEY);

    IAssetRegistry internal registry;
    IRevenueLedger internal ledger;
    IAccessMarket internal market;
    ITestUSD internal token;

    function setUp() public virtual {
        vm.etch(DEPLOYER, DEPLOYER_CODE);
        registry = IAssetRegistry(deploy("AssetRegistry", abi.encode(FEE_BPS), 0));
        ledger = IRevenueLedger(deploy("RevenueLedger", abi.encode(registry, treasury, governor), 0));
        market = IAccessMarket(deploy("AccessMarket", abi.encode(registry, ledger), 0));
        token = ITestUSD(deploy("TestUSD", "", 0));
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), true);
        vm.warp(1_800_000_000);
    }

    /* SETTING UP */

    function makeAddress(string memory name) internal returns (address account) {
        account = vm.addr(uint256(keccak256(bytes(name))));
        vm.label(account, name);
    }

    function deploy(string memory name, bytes memory arguments, bytes32 salt) internal returns (address account) {
        string memory artifact = string.concat("contracts/out/", name, ".sol/", name, ".json");
        (bool success, bytes memory answer) = DEPLOYER.call(abi.encodePacked(salt, vm.getCode(artifact), arguments));
        assertTrue(success && answer.length == 20, string.concat("deploys ", name));
        return address(bytes20(answer));
    }

    function publication(uint256[] memory parents, uint16 royaltyBps, bytes32 root, uint16 contributorBps)
        internal
        pure
        returns (IAssetRegistry.Publication memory)
    {
        return IAssetRegistry.Publication({
            manifestDigest: DIGEST,
            parents: parents,
            royaltyBps: royaltyBps,
            contributors: IAssetRegistry.Contributors({root: root, bps: contributorBps})
        });
    }

    /// @dev Publishes a model without contributors.
    function publishFrom(address owner, uint256[] memory parents, uint16 royaltyBps) internal returns (uint256) {
        vm.prank(owner);
        return registry.publish(IAssetRegistry.Kind.Model, publication(parents, royaltyBps, 0, 0));
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

    function pull(uint256 version, uint256 index) internal {
        IRevenueLedger.EdgeRef[] memory edges = new IRevenueLedger.EdgeRef[](1);
        edges[0] = IRevenueLedger.EdgeRef({version: version, index: index});
        ledger.pull(address(token), edges);
    }

    function collect(uint256 version) internal {
        ledger.collect(address(token), list(version));
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

    function assertEq(uint256 actual, uint256 expected, string memory what) internal pure {
        vm.assertEq(actual, expected, what);
    }

    function assertEq(address actual, address expected, string memory what) internal pure {
        vm.assertEq(uint160(actual), uint160(expected), what);
    }

    function assertTrue(bool condition, string memory what) internal pure {
        vm.assertEq(condition ? 1 : 0, 1, what);
    }

    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + value % (high - low + 1);
    }
}
